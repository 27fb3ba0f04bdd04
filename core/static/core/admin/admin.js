/* Small things that every page of the admin uses. */
(function () {
  "use strict";

  // What could not be fetched says so, in the place where it would have stood.
  function failed(event) {
    var target = event.detail.target;
    if (!target || !target.matches("[hx-get]")) { return; }
    target.textContent = "This could not be loaded. Load the page again to try once more.";
  }

  document.addEventListener("htmx:responseError", failed);
  document.addEventListener("htmx:sendError", failed);

  // Tabs of a record's page: the arrow keys go from one to the next.
  document.addEventListener("keydown", function (event) {
    var tab = event.target.closest && event.target.closest("[role=tab]");
    var step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!tab || !step) { return; }
    var tabs = Array.prototype.slice.call(tab.closest("[role=tablist]").querySelectorAll("[role=tab]"))
      .filter(function (other) { return other.offsetParent !== null; });
    tabs[(tabs.indexOf(tab) + step + tabs.length) % tabs.length].focus();
    event.preventDefault();
  });

  // The tabs that are seldom looked at are folded away.
  document.addEventListener("click", function (event) {
    var more = event.target.closest && event.target.closest(".bf-more-tabs");
    if (!more) { return; }
    var open = more.parentElement.classList.toggle("bf-tabs-open");
    more.setAttribute("aria-expanded", open ? "true" : "false");
  });

  document.addEventListener("click", function (event) {
    var tab = event.target.closest && event.target.closest("[role=tab][aria-controls]");
    if (!tab) { return; }
    tab.closest("[role=tablist]").querySelectorAll("[role=tab]").forEach(function (other) {
      var chosen = other === tab, panel = document.getElementById(other.getAttribute("aria-controls"));
      other.setAttribute("aria-selected", chosen ? "true" : "false");
      other.tabIndex = chosen ? 0 : -1;
      if (panel) { panel.hidden = !chosen; }
    });
  });
})();
