// Draws the maps of attention, and says which weight is under the pointer.
for (const canvas of document.querySelectorAll("canvas[data-map]")) {
  const pieces = JSON.parse(document.getElementById("pieces").dataset.pieces);
  const ends = new Set(JSON.parse(document.getElementById("pieces").dataset.ends));
  const size = pieces.length;
  // A byte is the square root of a weight, in 255ths.
  const bytes = Uint8Array.from(atob(canvas.dataset.map), (c) => c.charCodeAt(0));
  const scale = Math.max(1, Math.floor(640 / size));
  canvas.width = canvas.height = size * scale;
  const context = canvas.getContext("2d");
  for (let row = 0; row < size; row++) {
    for (let column = 0; column <= row; column++) {
      context.fillStyle = `rgb(11 122 130 / ${bytes[row * size + column] / 255})`;
      context.fillRect(column * scale, row * scale, scale, scale);
    }
  }
  context.fillStyle = "rgb(224 145 58 / 0.55)";
  for (const end of ends) {
    const line = Math.max(1, scale / 8);
    const middle = (end + 0.5) * scale;
    context.fillRect(middle - line / 2, middle, line, (size - end - 0.5) * scale);
    context.fillRect(0, middle - line / 2, middle, line);
  }
  const said = canvas.parentElement.querySelector("output");
  canvas.addEventListener("mousemove", (event) => {
    const box = canvas.getBoundingClientRect();
    const column = Math.floor(((event.clientX - box.left) / box.width) * size);
    const row = Math.floor(((event.clientY - box.top) / box.height) * size);
    if (row < 0 || column < 0 || row >= size || column >= size) return;
    const weight = (bytes[row * size + column] / 255) ** 2;
    said.textContent =
      column > row ? "" : `${row}「${pieces[row]}」 → ${column}「${pieces[column]}」: ${weight.toFixed(3)}`;
  });
}
