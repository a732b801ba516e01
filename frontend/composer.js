/** The message box: a draft that survives a reload, a lost connection and a refusal. */

const STORED_DRAFT = "draft";
const TALLEST_PX = 200;

export class Composer {
  #draft;
  #problem;
  #onSend;

  /** `onSend` receives the text. It returns why the text cannot be sent, or "" if it was sent. */
  constructor({ form, draft, problem, onSend }) {
    this.#draft = draft;
    this.#problem = problem;
    this.#onSend = onSend;
    draft.value ||= stored() ?? "";
    this.#fit();
    draft.addEventListener("input", () => this.#changed());
    draft.addEventListener("keydown", (event) => this.#pressed(event));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
  }

  /** Appends text to the draft, so that it can be changed. */
  add(text) {
    this.#draft.value = this.#draft.value ? `${this.#draft.value}\n${text}` : text;
    this.#changed();
    this.focus();
  }

  focus() {
    this.#draft.focus();
  }

  /** Hides the complaint about the draft. */
  clearProblem() {
    this.#showProblem("");
  }

  #pressed(event) {
    // While an input method composes a character, Enter selects it.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.#send();
  }

  #send() {
    const text = this.#draft.value;
    if (text.trim() === "") return;
    const problem = this.#onSend(text);
    if (!problem) {
      this.#draft.value = "";
      this.#changed();
    }
    this.#showProblem(problem);
    this.focus();
  }

  #changed() {
    this.clearProblem();
    this.#fit();
    store(this.#draft.value);
  }

  #fit() {
    this.#draft.style.height = "auto";
    this.#draft.style.height = `${Math.min(this.#draft.scrollHeight, TALLEST_PX)}px`;
  }

  #showProblem(text) {
    this.#problem.textContent = text;
    this.#problem.hidden = text === "";
    this.#draft.setAttribute("aria-invalid", String(text !== ""));
  }
}

/** Storage may be disabled or full. The draft then lasts as long as the page. */
function stored() {
  try {
    return sessionStorage.getItem(STORED_DRAFT);
  } catch {
    return null;
  }
}

function store(text) {
  try {
    sessionStorage.setItem(STORED_DRAFT, text);
  } catch {
    // See `stored`.
  }
}
