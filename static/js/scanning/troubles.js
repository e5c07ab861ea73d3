// What is wrong just now: each kind on a line of its own, beside the answers and never over one. A
// camera that is refused late, or a lost network, must not hide what became of the last card.

export class Troubles {
  /** `box` holds the lines; `draw(title, more)` makes one. */
  constructor(box, draw) {
    this.box = box;
    this.draw = draw;
    this.lines = new Map();
  }

  /** Says a trouble, in place of what was said of its kind before. `more`: words, or a link. */
  tell(kind, title, more = "") {
    const said = `${title} ${more.textContent ?? more}`;
    if (this.lines.get(kind)?.said === said) return; // not read aloud again at every try
    this.over(kind);
    const line = this.draw(title, more);
    this.lines.set(kind, { said, line });
    this.box.append(line);
  }

  /** Takes back what was said of these kinds. */
  over(...kinds) {
    for (const kind of kinds) {
      this.lines.get(kind)?.line.remove();
      this.lines.delete(kind);
    }
  }
}
