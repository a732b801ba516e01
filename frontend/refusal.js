/**
 * Why a handshake may have failed. Browsers hide its status from scripts (WHATWG WebSockets, "fail the WebSocket
 * connection"): 401 and 403 look like an unreachable service, so the page names both possibilities.
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

  /** `onRemedy` is called when the user presses the button that offers a remedy. */
  constructor({ root, text, remedy, onRemedy }) {
    this.#root = root;
    this.#text = text;
    this.#remedy = remedy;
    remedy.addEventListener("click", onRemedy);
  }

  /** Shows the reason until `hide`. Returns its text if it was not shown before, or "". */
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
