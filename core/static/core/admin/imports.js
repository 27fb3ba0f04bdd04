// The import wizard: says that the preview is older than what was chosen since.
(function () {
  "use strict";

  var form = document.querySelector("[data-import-form]");
  if (!form) { return; }
  var note = form.querySelector("[data-unsaved]");

  form.addEventListener("change", function (event) {
    if (event.target.name === "keep") { return; }
    note.hidden = false;
    var row = event.target.closest("tr");
    if (row && event.target.name.indexOf("target-") === 0) {
      row.classList.toggle("bf-ignored", !event.target.value);
    }
  });

  // Enter in a field applies; it never starts an import.
  form.addEventListener("keydown", function (event) {
    if (event.key !== "Enter" || !event.target.matches("input")) { return; }
    event.preventDefault();
    var verb = event.target.name === "keep" ? "keep" : "apply";
    form.querySelector('button[value="' + verb + '"]').click();
  });
})();
