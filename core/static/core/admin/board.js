/* Boards: a card is dragged to another column, or sent there by its list of columns; the server has the last word. */
(function () {
  "use strict";

  var board = document.querySelector("[data-board]");
  var said = document.querySelector(".bf-board-said");

  document.querySelectorAll("[data-submits]").forEach(function (input) {
    input.addEventListener("change", function () { input.form.submit(); });
  });
  if (!board) { return; }

  var carried = null;

  function say(text, isBad) {
    said.textContent = text;
    said.classList.toggle("bf-bad-text", Boolean(isBad));
  }

  function column(stage) {
    return board.querySelector('[data-stage="' + stage + '"]');
  }

  // The column as it is now, beside the one that stands there.
  function ask(stage) {
    var place = column(stage);
    if (!place) { return Promise.resolve(null); }
    return fetch(place.dataset.url, { headers: { Accept: "text/html" } }).then(function (answer) {
      return answer.ok ? answer.text() : Promise.reject(new Error(String(answer.status)));
    }).then(function (text) {
      var made = document.createElement("template");
      made.innerHTML = text.trim();
      return { place: place, fresh: made.content.firstElementChild };
    });
  }

  // Both at once: a card is never seen twice, nor missing.
  function show(stages) {
    return Promise.all(stages.map(ask)).then(function (found) {
      found.filter(Boolean).forEach(function (item) {
        item.place.replaceWith(item.fresh);
        window.htmx.process(item.fresh);
      });
    });
  }

  function send(card, stage) {
    var body = new URLSearchParams(), from = card.closest("[data-stage]").dataset.stage;
    body.set("csrfmiddlewaretoken", document.querySelector("[name=csrfmiddlewaretoken]").value);
    card.setAttribute("aria-busy", "true");
    return fetch("./" + card.dataset.deal + "/to/" + stage + "/", { method: "POST", body: body, headers: { Accept: "application/json" } })
      .then(function (answer) {
        return answer.json().catch(function () { return {}; }).then(function (told) {
          if (answer.ok) { return say(card.dataset.name + " was moved."); }
          say(card.dataset.name + ": " + (told.detail || "This was refused."), true);
        });
      })
      .catch(function () { say("The server cannot be reached; nothing was moved.", true); })
      .then(function () { return show([from, stage]); });
  }

  function move(card, stage) {
    var from = card.closest("[data-stage]").dataset.stage;
    if (!stage || stage === from) { return; }
    send(card, stage).catch(function () {
      say("The board could not be brought up to date; load the page again.", true);
    }).then(function () {
      // Whoever moved it by the keyboard goes on from where it is now.
      var now = board.querySelector('[data-deal="' + card.dataset.deal + '"]');
      if (now) { now.focus({ preventScroll: true }); }
    });
  }

  board.addEventListener("change", function (event) {
    if (event.target.matches("[data-moves]")) { move(event.target.closest("[data-deal]"), event.target.value); }
  });

  board.addEventListener("dragstart", function (event) {
    carried = event.target.closest("[data-deal]");
    if (!carried) { return; }
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", carried.dataset.name);
  });
  board.addEventListener("dragend", function () {
    carried = null;
    board.querySelectorAll(".bf-over").forEach(function (place) { place.classList.remove("bf-over"); });
  });
  board.addEventListener("dragover", function (event) {
    var place = event.target.closest("[data-stage]");
    if (!carried || !place) { return; }
    event.preventDefault();
    board.querySelectorAll(".bf-over").forEach(function (other) { if (other !== place) { other.classList.remove("bf-over"); } });
    place.classList.add("bf-over");
  });
  board.addEventListener("drop", function (event) {
    var place = event.target.closest("[data-stage]");
    if (!carried || !place) { return; }
    event.preventDefault();
    move(carried, place.dataset.stage);
  });
})();
