/*
 * What ECharts is told to draw, made from the plain data of a chart. The same file makes the charts of the admin's pages
 * and, on the server, those of the APIs (core/charts), so that both show the same.
 *
 * chartOption(data, theme): data.kind is bar, stacked, line, hbar, ring, curve, heatmap or sankey; theme is
 * { dark, text, line, surface }: whether the page is dark, and its colours of text, lines and ground.
 */
var chartOption = (function () {
  "use strict";

  var LIGHT = ["#2563eb", "#059669", "#d97706", "#dc2626", "#7c3aed", "#0891b2", "#c2410c", "#64748b"];
  var DARK = ["#60a5fa", "#34d399", "#fbbf24", "#f87171", "#a78bfa", "#22d3ee", "#fb923c", "#94a3b8"];
  var BINARY = { light: ["#eff6ff", "#1d4ed8"], dark: ["#172554", "#93c5fd"] };

  function grouped(number, places) {
    var parts = Math.abs(number).toFixed(places).split(".");
    parts[0] = parts[0].replace(/\B(?=(\d{3})+(?!\d))/g, ",");
    return (number < 0 ? "-" : "") + parts.join(".").replace(/\.0+$/, "");
  }

  function short(value) {
    var number = Number(value), size = Math.abs(number);
    if (size >= 1e9) { return grouped(number / 1e9, 1) + "G"; }
    if (size >= 1e6) { return grouped(number / 1e6, 1) + "M"; }
    if (size >= 1e4) { return grouped(number / 1e3, 0) + "k"; }
    return grouped(number, size < 10 ? 2 : 0);
  }

  function percent(value) {
    return grouped(Number(value) * 100, 1) + "%";
  }

  function written(value, unit) {
    if (value === null || value === undefined || value === "") { return "–"; }
    return unit === "share" ? percent(value) : grouped(Number(value), 2);
  }

  function number(value) {
    return value === null || value === undefined ? null : Number(value);
  }

  function tone(name, dark) {
    return { good: dark ? "#34d399" : "#059669", bad: dark ? "#f87171" : "#dc2626" }[name];
  }

  function amounts(name, unit, theme) {
    return {
      type: "value", name: name || "", nameLocation: "middle", nameGap: 44, nameTextStyle: { color: theme.text },
      axisLabel: { color: theme.text, formatter: unit === "share" ? percent : short },
      splitLine: { lineStyle: { color: theme.line } }, splitNumber: 4
    };
  }

  function names(data, theme) {
    return {
      type: "category", data: data.labels, inverse: data.kind === "hbar",
      axisLabel: { color: theme.text, hideOverlap: true }, axisLine: { lineStyle: { color: theme.line } },
      axisTick: { show: false }
    };
  }

  function grid(top) {
    return { left: 8, right: 20, top: top, bottom: 8, containLabel: true };
  }

  function bars(data, theme) {
    var across = data.kind === "hbar", value = amounts("", data.unit, theme), name = names(data, theme);
    return {
      xAxis: across ? value : name,
      yAxis: across ? name : value,
      grid: grid(data.series.length > 1 ? 40 : 16),
      tooltip: { trigger: "axis", axisPointer: { type: "shadow" } },
      series: data.series.map(function (series) {
        return {
          name: series.name, type: series.line || data.kind === "line" ? "line" : "bar",
          data: series.values.map(number), stack: data.kind === "stacked" ? "all" : undefined, barMaxWidth: 28,
          symbolSize: 6, connectNulls: false,
          itemStyle: { color: tone(series.tone, theme.dark), borderRadius: data.kind === "stacked" ? 0 : 3 }
        };
      })
    };
  }

  function ring(data) {
    return {
      tooltip: { trigger: "item" },
      series: [{
        type: "pie", radius: ["52%", "78%"], center: ["50%", "45%"], label: { show: false },
        data: data.labels.map(function (label, place) {
          return { name: label, value: Number(data.series[0].values[place]) };
        })
      }]
    };
  }

  /* Lines through points: data.series[].points are [x, y]; data.x and data.y are { name, unit }. */
  function curve(data, theme) {
    var across = amounts(data.x.name, data.x.unit, theme);
    across.nameGap = 30;
    if (data.x.unit === "share") { across.max = 1; }
    return {
      xAxis: across,
      yAxis: Object.assign(amounts(data.y.name, data.y.unit, theme), { nameGap: 52 }),
      grid: { left: 72, right: 24, top: data.series.length > 1 ? 40 : 16, bottom: 52 },
      tooltip: { trigger: "axis", axisPointer: { type: "line" } },
      series: data.series.map(function (series) {
        return {
          name: series.name, type: "line", showSymbol: false, data: series.points.map(function (point) {
            return point.map(number);
          }),
          lineStyle: { type: series.dashed ? "dashed" : "solid", width: series.dashed ? 1.5 : 2.5 },
          areaStyle: series.filled ? { opacity: 0.12 } : undefined,
          itemStyle: { color: tone(series.tone, theme.dark) }
        };
      })
    };
  }

  /* data.labels across, data.rows down, data.cells are [column, row, value]. */
  function heatmap(data, theme) {
    var values = data.cells.map(function (cell) { return cell[2] === null ? null : Number(cell[2]); });
    var known = values.filter(function (value) { return value !== null; });
    var scale = theme.dark ? BINARY.dark : BINARY.light;
    return {
      xAxis: Object.assign(names(data, theme), { position: "top", splitArea: { show: false } }),
      yAxis: Object.assign(names({ labels: data.rows, kind: "hbar" }, theme)),
      grid: { left: 8, right: 16, top: 8, bottom: 48, containLabel: true },
      tooltip: { trigger: "item" },
      visualMap: {
        min: known.length ? Math.min.apply(null, known) : 0, max: known.length ? Math.max.apply(null, known) : 1,
        orient: "horizontal", left: "center", bottom: 0, itemHeight: 120, itemWidth: 12, calculable: false,
        inRange: { color: scale }, textStyle: { color: theme.text },
        formatter: function (value) { return data.unit === "share" ? percent(value) : short(value); }
      },
      series: [{
        type: "heatmap",
        data: data.cells.map(function (cell, place) { return [cell[0], cell[1], values[place] === null ? "-" : values[place]]; }),
        label: {
          show: data.cells.length <= 200, fontSize: 10,
          formatter: function (item) { return item.value[2] === "-" ? "" : data.unit === "share" ? Math.round(item.value[2] * 100) + "" : short(item.value[2]); }
        },
        itemStyle: { borderColor: theme.surface, borderWidth: 1 }
      }]
    };
  }

  /* data.nodes are { name, title, depth, group } in their order, data.links { source, target, value }. */
  function sankey(data, theme) {
    var titles = {};
    data.nodes.forEach(function (node) { titles[node.name] = node.title || node.name; });
    return {
      tooltip: { trigger: "item" },
      series: [{
        type: "sankey", left: 8, right: 120, top: 12, bottom: 12, nodeGap: 14, draggable: false, layoutIterations: 0,
        data: data.nodes.map(function (node) {
          var colours = theme.dark ? DARK : LIGHT;
          return { name: node.name, depth: node.depth, itemStyle: { color: colours[(node.group || 0) % colours.length] } };
        }),
        links: data.links.map(function (link) {
          return { source: link.source, target: link.target, value: Number(link.value) };
        }),
        label: { color: theme.text, formatter: function (item) { return titles[item.name]; } },
        lineStyle: { color: "gradient", opacity: 0.35 }
      }]
    };
  }

  var KINDS = { ring: ring, curve: curve, heatmap: heatmap, sankey: sankey };

  return function (data, theme) {
    var option = (KINDS[data.kind] || bars)(data, theme), many = data.series && data.series.length > 1;
    option.color = theme.dark ? DARK : LIGHT;
    option.animation = false;
    option.aria = { enabled: true };
    option.textStyle = { fontFamily: theme.font || "inherit" };
    option.legend = {
      show: Boolean(many) || data.kind === "ring", textStyle: { color: theme.text }, icon: "roundRect", type: "scroll",
      pageTextStyle: { color: theme.text }
    };
    option.legend[data.kind === "ring" ? "bottom" : "top"] = 0;
    option.tooltip.confine = true;
    option.tooltip.valueFormatter = function (value) { return written(value, (data.y || data).unit); };
    return option;
  };
})();
