/**
 * What may be the matter where a handshake fails. A browser keeps its status from scripts (WHATWG WebSockets, "fail the
 * WebSocket connection"): 401 and 403 look like a service that is not there, so both are said to be possible.
 */

const WITHOUT_TOKEN = {
  text: "The service did not take the connection. It may be out of reach, or ask for a token.",
  remedy: "Enter a token",
};
const WITH_TOKEN = {
  text: "The service did not take the connection. It may be out of reach, or the token wrong or expired.",
  remedy: "Change the token",
};

export class Refusal {
  #root;
  #text;
  #remedy;

  /** `onRemedy` is called where the user wants to do something about it. */
  constructor({ root, text, remedy, onRemedy }) {
    this.#root = root;
    this.#text = text;
    this.#remedy = remedy;
    remedy.addEventListener("click", onRemedy);
  }

  /** Stays in sight until `hide`; returns what it says where that is news, or "". */
  show({ withToken }) {
    const { text, remedy } = withToken ? WITH_TOKEN : WITHOUT_TOKEN;
    const isNews = this.#root.hidden || this.#text.textContent !== text;
    this.#root.hidden = false;
    this.#text.textContent = text;
    this.#remedy.textContent = remedy;
    return isNews ? text : "";
  }

  hide() {
    this.#root.hidden = true;
  }
}
