"use strict";
(function () {
  const charts = JSON.parse(document.getElementById("charts").textContent);
  const measure = document.createElement("canvas").getContext("2d");
  const font = "13px system-ui, 'Noto Sans CJK SC', sans-serif";

  function width(text) {
    measure.font = font;
    return measure.measureText(text).width;
  }

  function fitted(text, room) {
    if (width(text) <= room) return text;
    const path = text.includes("/");  // the end of a path says more than its beginning
    const cut = (length) => (path ? "…" + text.slice(-length) : text.slice(0, length) + "…");
    let length = text.length;
    while (length > 1 && width(cut(length)) > room) length--;
    return cut(length);
  }

  function marks(chart) {
    const rows = [];
    chart.bars.forEach((bar, place) =>
      bar.counts.forEach((count, number) => {
        if (count > 0)
          rows.push({
            place: place,
            count: count,
            series: chart.series[number],
            href: "#" + bar.link,
            title: bar.label + "\n" + (chart.series.length > 1 ? chart.series[number] + ": " : "") +
              count.toLocaleString("en") + " " + chart.unit,
          });
      })
    );
    return rows;
  }

  // between whole counts there are no half ones
  function ticks(chart) {
    const whole = chart.bars.every((bar) => bar.counts.every(Number.isInteger));
    const written = d3.format("~s");
    return (value) => (!whole ? String(value) : Number.isInteger(value) ? written(value) : "");
  }

  function lying(chart, room) {
    const most = Math.min(room * 0.45, 260);
    const names = chart.bars.map((bar) => fitted(bar.label, most));
    const sums = chart.bars.map((bar) => bar.counts.reduce((one, other) => one + other, 0));
    const left = Math.ceil(Math.max(...names.map(width))) + 14;
    const places = chart.bars.map((_bar, place) => place);
    return {
      width: room,
      height: places.length * 24 + 24,
      marginLeft: left,
      marginRight: 58,
      marginTop: 2,
      marginBottom: 22,
      y: { domain: places, tickFormat: (place) => names[place], tickSize: 0, label: null, padding: 0.22 },
      x: { label: null, grid: true, ticks: Math.max(2, Math.floor((room - left) / 90)), tickFormat: ticks(chart) },
      marks: [
        Plot.barX(marks(chart), { y: "place", x: "count", fill: "series", href: "href", title: "title" }),
        Plot.text(places, {
          y: (place) => place,
          x: (place) => sums[place],
          text: (place) => sums[place].toLocaleString("en"),
          textAnchor: "start",
          dx: 5,
          fill: "currentColor",
        }),
        Plot.ruleX([0]),
      ],
    };
  }

  function standing(chart, room) {
    const places = chart.bars.map((_bar, place) => place);
    return {
      width: room,
      height: 240,
      marginLeft: 46,
      marginRight: 8,
      marginBottom: 30,
      x: {
        domain: places,
        tickFormat: (place) => (chart.bars[place].tick ? chart.bars[place].label.split("–")[0] : ""),
        tickSize: 0,
        label: null,
        padding: 0.1,
      },
      y: { label: null, grid: true, ticks: 5, tickFormat: ticks(chart) },
      marks: [
        Plot.barY(marks(chart), { x: "place", y: "count", fill: "series", href: "href", title: "title" }),
        Plot.ruleY([0]),
      ],
    };
  }

  function draw(box) {
    const chart = charts[box.dataset.chart];
    const room = Math.floor(box.clientWidth);
    if (!room || box.dataset.room === String(room)) return;
    box.dataset.room = String(room);
    const options = chart.upright ? standing(chart, room) : lying(chart, room);
    options.style = { font: font, background: "transparent", color: "inherit", overflow: "hidden" };
    options.color = {
      domain: chart.series,
      range: chart.tones.map((tone) => "var(--" + tone + ")"),
      legend: chart.series.length > 1,
    };
    box.replaceChildren(Plot.plot(options));
  }

  function open() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target || target.tagName !== "DETAILS") return;
    target.open = true;
    target.scrollIntoView({ block: "start" });
  }

  const boxes = document.querySelectorAll("[data-chart]");
  const watch = new ResizeObserver((seen) => seen.forEach((one) => draw(one.target)));
  boxes.forEach((box) => {
    draw(box);
    watch.observe(box);
  });
  window.addEventListener("hashchange", open);
  // the same link chosen again changes no hash
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    const href = link && (link.getAttribute("href") || link.getAttribute("xlink:href"));
    if (href && href === location.hash) open();
  });
  open();
})();
