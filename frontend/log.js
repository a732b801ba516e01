/** The list of messages. All text is set with textContent: what people write is never parsed as HTML. */

const MOST_ENTRIES = 500;
/** A reader within this distance of the end counts as being at the end. */
const NEAR_END_PX = 48;
/** Messages of one sender this close together share one line with name and time. */
const SAME_BREATH_MS = 3 * 60_000;
const TAG_LENGTH = 6;
const COLOURS = 8;

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const calendar = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

export class MessageLog {
  #scroller;
  #entries;
  #newer;
  #empty;
  #onAgain;
  #onEdit;
  #unread = 0;
  #atEnd = true;
  /** {sender, at, isLive} of the last entry, if that is a message. */
  #last = null;
  /** our own message → its element */
  #own = new Map();

  /** `onAgain` and `onEdit` receive our own message whose button was pressed. */
  constructor({ scroller, entries, newer, empty, onAgain, onEdit }) {
    this.#scroller = scroller;
    this.#entries = entries;
    this.#newer = newer;
    this.#empty = empty;
    this.#onAgain = onAgain;
    this.#onEdit = onEdit;
    scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    new ResizeObserver(() => this.#atEnd && this.#toEnd()).observe(scroller);
    newer.addEventListener("click", () => this.#showEnd());
  }

  /** Adds a message of someone else, or an `own` one that is not listed. It was sent just now if it `isLive`. */
  addMessage({ from, text, own, isLive }) {
    const name = own ? "you" : from.slice(0, TAG_LENGTH) || "someone";
    this.#append(this.#bubble({ sender: from, name, text, own, isLive }));
  }

  /** Adds our own message, or moves it to the end if it is listed already. */
  addOwn(message) {
    this.#own.get(message)?.remove();
    const entry = this.#bubble({ sender: "you", name: "you", text: message.text, own: true });
    entry.append(element("div", "receipt"));
    this.#own.set(message, entry);
    this.#append(entry);
    this.update(message);
    this.#showEnd();
  }

  /** Shows what became of our own message. */
  update(message) {
    const entry = this.#own.get(message);
    if (!entry) return;
    entry.dataset.status = message.status;
    entry.querySelector(".receipt").replaceChildren(...this.#receipt(message));
    if (this.#atEnd) this.#toEnd();
  }

  /** Adds a line of the page itself. `kind` is "info" or "error". */
  addNotice(text, kind = "info") {
    const entry = element("li", "notice", text);
    entry.dataset.kind = kind;
    this.#last = null;
    this.#append(entry);
  }

  /** Enables or disables sending again. */
  allowSending(allowed) {
    for (const button of this.#entries.querySelectorAll(".again")) button.disabled = !allowed;
    this.#entries.dataset.sending = allowed ? "allowed" : "not-allowed";
  }

  #bubble({ sender, name, text, own, isLive = true }) {
    const now = Date.now();
    const last = this.#last;
    const follows = last?.sender === sender && last.isLive === isLive && now - last.at < SAME_BREATH_MS;
    this.#last = { sender, at: now, isLive };
    const entry = element("li", "entry");
    entry.dataset.own = own;
    entry.dataset.colour = colourOf(sender);
    if (!follows) entry.append(byline(sender, name, isLive ? now : null));
    const bubble = element("div", "bubble", text);
    bubble.dir = "auto";
    if (isLive) bubble.title = calendar.format(now);
    entry.append(bubble);
    return entry;
  }

  #receipt(message) {
    const parts = [element("span", "", receiptText(message))];
    if (message.status === "unconfirmed") {
      const again = this.#button("Send again", "again", () => this.#onAgain(message));
      again.disabled = this.#entries.dataset.sending !== "allowed";
      parts.push(again);
    } else if (message.status === "refused") {
      parts.push(this.#button("Edit", "edit", () => this.#onEdit(message)));
    }
    return parts;
  }

  #button(label, name, onClick) {
    const button = element("button", `quiet ${name}`, label);
    button.type = "button";
    button.addEventListener("click", onClick);
    return button;
  }

  #append(entry) {
    const wasAtEnd = this.#atEnd;
    this.#entries.append(entry);
    this.#empty.hidden = true;
    this.#trim();
    if (wasAtEnd) this.#toEnd();
    else this.#countUnread();
  }

  /** Drops the oldest entries, except our own messages that may have to be sent again. */
  #trim() {
    for (const entry of [...this.#entries.children].slice(0, -MOST_ENTRIES)) {
      if (["sending", "unconfirmed", "refused"].includes(entry.dataset.status)) continue;
      entry.remove();
      for (const [message, own] of this.#own) if (own === entry) this.#own.delete(message);
    }
  }

  #scrolled() {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
    this.#atEnd = scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
    if (this.#atEnd) this.#clearUnread();
  }

  #countUnread() {
    this.#unread += 1;
    this.#newer.textContent = this.#unread === 1 ? "1 new message" : `${this.#unread} new messages`;
    this.#newer.hidden = false;
  }

  #clearUnread() {
    this.#unread = 0;
    this.#newer.hidden = true;
  }

  #showEnd() {
    this.#toEnd();
    this.#atEnd = true;
    this.#clearUnread();
  }

  #toEnd() {
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
  }
}

/** `at` is null if it is not known: the service does not tell when an old message was sent. */
function byline(sender, name, at) {
  const line = element("div", "byline");
  const who = element("span", "who", name);
  who.title = sender;
  line.append(who);
  if (at === null) {
    line.append(element("span", "earlier", "earlier"));
  } else {
    const time = element("time", "", clock.format(at));
    time.dateTime = new Date(at).toISOString();
    line.append(time);
  }
  return line;
}

function receiptText({ status, detail }) {
  switch (status) {
    case "sending":
      return "Sending…";
    case "unconfirmed":
      return `Not confirmed: ${detail?.text ?? "it may not have arrived."}`;
    case "refused":
      return `Not sent: ${detail.text}`;
    default:
      return "Sent";
  }
}

/** The same id has the same colour in every window (FNV-1a). */
function colourOf(id) {
  let hash = 0x811c9dc5;
  for (const unit of id) hash = Math.imul(hash ^ unit.codePointAt(0), 0x01000193);
  return (hash >>> 8) % COLOURS;
}

function element(tag, className, text = "") {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}
