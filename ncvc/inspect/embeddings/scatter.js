"use strict";
// Draws every canvas of the page: the wheel zooms, dragging moves, a double click goes back, hovering names.
const search = document.getElementById("search");
const found = document.getElementById("found");
const charts = [...document.querySelectorAll("canvas[data-scatter]")].map(chart);

function chart(canvas) {
  const { texts, x, y, kinds, notes } = JSON.parse(canvas.dataset.scatter);
  const colours = [...canvas.parentElement.querySelectorAll("[data-kind]")];
  const tip = canvas.parentElement.querySelector(".tip");
  const context = canvas.getContext("2d");
  const most = 65535;
  let view = { scale: 1, left: 0, top: 0 };
  let matches = new Set();
  let dragged = null;

  const size = () => canvas.getBoundingClientRect();
  const side = (box) => Math.min(box.width, box.height) - 24;
  const place = (i, box) => [
    (x[i] / most - 0.5) * side(box) * view.scale + box.width / 2 + view.left,
    (0.5 - y[i] / most) * side(box) * view.scale + box.height / 2 + view.top,
  ];
  const shown = (i) => colours[kinds[i]].checked;

  function draw() {
    const box = size();
    const ratio = window.devicePixelRatio || 1;
    canvas.width = box.width * ratio;
    canvas.height = box.height * ratio;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const style = getComputedStyle(canvas);
    const paint = colours.map((input) => getComputedStyle(input.nextElementSibling).backgroundColor);
    for (let kind = 0; kind < colours.length; kind += 1) {
      context.fillStyle = paint[kind];
      context.globalAlpha = kind ? 0.9 : matches.size ? 0.25 : 0.5;
      const radius = kind ? 3 : 1.6;
      for (let i = 0; i < x.length; i += 1) {
        if (kinds[i] !== kind || !shown(i)) continue;
        const [left, top] = place(i, box);
        context.beginPath();
        context.arc(left, top, radius, 0, 7);
        context.fill();
      }
    }
    context.globalAlpha = 1;
    context.font = `13px ${style.fontFamily}`;
    context.strokeStyle = context.fillStyle = style.color;
    let labels = 0;
    for (const i of matches) {
      const [left, top] = place(i, box);
      context.beginPath();
      context.arc(left, top, 6, 0, 7);
      context.stroke();
      if (labels < 40) context.fillText(texts[i], left + 8, top + 4);
      labels += 1;
    }
  }

  function nearest(event) {
    const box = size();
    let best = null;
    let least = 12 ** 2;
    for (let i = 0; i < x.length; i += 1) {
      if (!shown(i)) continue;
      const [left, top] = place(i, box);
      const distance = (left - event.offsetX) ** 2 + (top - event.offsetY) ** 2;
      if (distance < least) [best, least] = [i, distance];
    }
    return best;
  }

  canvas.addEventListener("pointermove", (event) => {
    if (dragged) {
      view.left += event.offsetX - dragged[0];
      view.top += event.offsetY - dragged[1];
      dragged = [event.offsetX, event.offsetY];
      draw();
      return;
    }
    const i = nearest(event);
    tip.hidden = i === null;
    if (i === null) return;
    tip.textContent = `${texts[i]} · ${notes[i]}`;
    tip.style.left = `${Math.min(event.offsetX + 14, size().width - 160)}px`;
    tip.style.top = `${event.offsetY + 10}px`;
  });
  canvas.addEventListener("pointerdown", (event) => {
    dragged = [event.offsetX, event.offsetY];
    tip.hidden = true;
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointerup", () => { dragged = null; });
  canvas.addEventListener("pointerleave", () => { tip.hidden = true; });
  canvas.addEventListener("dblclick", () => { view = { scale: 1, left: 0, top: 0 }; draw(); });
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    const box = size();
    const factor = Math.exp(-event.deltaY / 400);
    const scale = Math.min(Math.max(view.scale * factor, 0.5), 200);
    const [fromX, fromY] = [event.offsetX - box.width / 2, event.offsetY - box.height / 2];
    view.left = fromX - ((fromX - view.left) * scale) / view.scale;
    view.top = fromY - ((fromY - view.top) * scale) / view.scale;
    view.scale = scale;
    draw();
  }, { passive: false });
  for (const input of colours) input.addEventListener("change", draw);
  window.addEventListener("resize", draw);
  draw();
  return (query) => {
    matches = new Set(query ? texts.flatMap((text, i) => (text.includes(query) ? [i] : [])) : []);
    draw();
    return matches.size;
  };
}

search.addEventListener("input", () => {
  const counts = charts.map((seek) => seek(search.value.trim()));
  found.textContent = search.value.trim() ? counts[0].toLocaleString() : "";
});
