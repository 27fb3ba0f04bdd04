/* Draws the charts of the home page from the data in the page, in the colours of the theme. */
(function () {
  "use strict";

  var drawn = [];

  function variable(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  }

  function isDark() {
    return document.documentElement.classList.contains("dark");
  }

  function palette() {
    return isDark()
      ? ["#60a5fa", "#34d399", "#fbbf24", "#f87171", "#a78bfa", "#22d3ee", "#fb923c", "#94a3b8"]
      : ["#2563eb", "#059669", "#d97706", "#dc2626", "#7c3aed", "#0891b2", "#c2410c", "#64748b"];
  }

  function tone(name) {
    return { good: isDark() ? "#34d399" : "#059669", bad: isDark() ? "#f87171" : "#dc2626" }[name];
  }

  function short(value) {
    var number = Number(value), size = Math.abs(number);
    if (size >= 1e9) { return (number / 1e9).toFixed(1).replace(/\.0$/, "") + "G"; }
    if (size >= 1e6) { return (number / 1e6).toFixed(1).replace(/\.0$/, "") + "M"; }
    if (size >= 1e4) { return (number / 1e3).toFixed(0) + "k"; }
    return number.toLocaleString();
  }

  function full(value) {
    return value === null || value === undefined ? "–" : Number(value).toLocaleString();
  }

  function axes(data, text, line) {
    var names = {
      type: "category", data: data.labels, inverse: data.kind === "hbar",
      axisLabel: { color: text, hideOverlap: true }, axisLine: { lineStyle: { color: line } }, axisTick: { show: false }
    };
    var amounts = {
      type: "value", axisLabel: { color: text, formatter: short }, splitLine: { lineStyle: { color: line } },
      splitNumber: 4
    };
    return data.kind === "hbar" ? { xAxis: amounts, yAxis: names } : { xAxis: names, yAxis: amounts };
  }

  function bars(data, text, line) {
    var option = axes(data, text, line);
    option.series = data.series.map(function (series) {
      return {
        name: series.name, type: series.line || data.kind === "line" ? "line" : "bar", data: series.values.map(Number),
        stack: data.kind === "stacked" ? "all" : undefined, barMaxWidth: 28, symbolSize: 6,
        itemStyle: { color: tone(series.tone), borderRadius: data.kind === "stacked" ? 0 : 3 }
      };
    });
    option.tooltip = { trigger: "axis", axisPointer: { type: "shadow" } };
    option.grid = { left: 4, right: 16, top: data.series.length > 1 ? 36 : 12, bottom: 4, containLabel: true };
    return option;
  }

  function ring(data) {
    return {
      tooltip: { trigger: "item" },
      series: [{
        type: "pie", radius: ["52%", "78%"], center: ["50%", "45%"], label: { show: false },
        data: data.labels.map(function (label, place) { return { name: label, value: Number(data.series[0].values[place]) }; })
      }]
    };
  }

  function optionOf(data) {
    var text = variable(isDark() ? "--color-base-300" : "--color-base-600");
    var line = variable(isDark() ? "--color-base-700" : "--color-base-200");
    var option = data.kind === "ring" ? ring(data) : bars(data, text, line);
    option.color = palette();
    option.animation = false;
    option.aria = { enabled: true };
    option.textStyle = { fontFamily: "inherit" };
    option.legend = {
      show: data.series.length > 1 || data.kind === "ring", textStyle: { color: text }, icon: "roundRect",
      type: "scroll", pageTextStyle: { color: text }
    };
    option.legend[data.kind === "ring" ? "bottom" : "top"] = 0;
    option.tooltip.valueFormatter = full;
    option.tooltip.confine = true;
    return option;
  }

  function draw(place) {
    if (place.dataset.drawn || !window.echarts) { return; }
    place.dataset.drawn = "yes";
    var data = JSON.parse(place.dataset.chart);
    if (data.kind === "hbar") { place.style.height = Math.max(160, 44 + data.labels.length * 34 * Math.max(1, data.series.length * 0.7)) + "px"; }
    var chart = window.echarts.init(place, null, { renderer: "svg" });
    chart.setOption(optionOf(data));
    drawn.push({ place: place, chart: chart, data: data });
    new ResizeObserver(function () { chart.resize(); }).observe(place);
  }

  function drawAll(root) {
    root.querySelectorAll("[data-chart]").forEach(draw);
  }

  new MutationObserver(function () {
    drawn.forEach(function (item) { item.chart.setOption(optionOf(item.data), true); });
  }).observe(document.documentElement, { attributes: true, attributeFilter: ["class"] });

  document.addEventListener("htmx:afterSettle", function (event) { drawAll(event.target); });
  drawAll(document);
})();
