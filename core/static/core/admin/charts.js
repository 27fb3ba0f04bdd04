/* Draws the charts of a page from the data in it (core/charts/option.js says how), in the colours of the theme. */
(function () {
  "use strict";

  var drawn = [];

  function variable(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  }

  function theme() {
    var dark = document.documentElement.classList.contains("dark");
    return {
      dark: dark,
      text: variable(dark ? "--color-base-300" : "--color-base-600"),
      line: variable(dark ? "--color-base-700" : "--color-base-200"),
      surface: variable(dark ? "--color-base-900" : "--color-base-0") || (dark ? "#111827" : "#ffffff")
    };
  }

  function draw(place) {
    if (place.dataset.drawn || !window.echarts) { return; }
    place.dataset.drawn = "yes";
    var data = JSON.parse(place.dataset.chart);
    if (data.kind === "hbar") {
      place.style.height = Math.max(160, 44 + data.labels.length * 34 * Math.max(1, data.series.length * 0.7)) + "px";
    } else if (data.kind === "heatmap") {
      place.style.height = Math.max(220, 90 + data.rows.length * 26) + "px";
    }
    var chart = window.echarts.init(place, null, { renderer: "svg" });
    chart.setOption(window.chartOption(data, theme()));
    drawn.push({ place: place, chart: chart, data: data });
    new ResizeObserver(function () { chart.resize(); }).observe(place);
  }

  function drawAll(root) {
    root.querySelectorAll("[data-chart]").forEach(draw);
  }

  new MutationObserver(function () {
    drawn.forEach(function (item) { item.chart.setOption(window.chartOption(item.data, theme()), true); });
  }).observe(document.documentElement, { attributes: true, attributeFilter: ["class"] });

  document.addEventListener("htmx:afterSettle", function (event) { drawAll(event.target); });
  drawAll(document);
})();
