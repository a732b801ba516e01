/**
 * The token that the page connects with, where the service asks for one.
 *
 * It is in this tab's session storage and nowhere else: never in the page's text, nor, for longer than it takes to read
 * `#token=…`, in its address. A fragment is not sent to any server, so that whoever issues tokens can link to the page.
 */

import { describe, mayBeOffered, tidy } from "./token.js";

const STORED_TOKEN = "token";
const FRAGMENT_PARAMETER = "token";

export class Access {
  #menu;
  #form;
  #field;
  #problem;
  #inUse;
  #note;
  #onChange;
  #token;

  /**
   * `menu` opens on the `form` with the `field`; `inUse` holds what is shown with a token: a `note` on it, and `forget`.
   * `onChange` is called where the user gives another token, or takes it away.
   */
  constructor({ menu, form, field, problem, inUse, note, forget, onChange }) {
    this.#menu = menu;
    this.#form = form;
    this.#field = field;
    this.#problem = problem;
    this.#inUse = inUse;
    this.#note = note;
    this.#onChange = onChange;
    this.#token = stored() ?? "";
    this.#takeFragment();
    this.#show();
    menu.addEventListener("toggle", () => this.#toggled());
    field.addEventListener("input", () => this.#showProblem(""));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    forget.addEventListener("click", () => this.#chosen(""));
    // A link to this very page, with another token: the browser does not load it again.
    addEventListener("hashchange", () => this.#takeFragment() && this.#changed());
  }

  /** The token to connect with, or "". */
  get token() {
    return this.#token;
  }

  /** Shows where to enter a token. */
  open() {
    this.#menu.open = true;
    this.#field.focus();
  }

  #submit() {
    const token = tidy(this.#field.value);
    if (token === "") return;
    if (mayBeOffered(token)) this.#chosen(token);
    else this.#showProblem("This has characters that a browser cannot send in a token.");
  }

  #chosen(token) {
    this.#keep(token);
    this.#menu.open = false;
    this.#menu.querySelector("summary").focus();
    this.#changed();
  }

  #changed() {
    this.#show();
    this.#onChange();
  }

  #keep(token) {
    this.#token = token;
    store(token);
  }

  /** Returns whether there was a token in the address, which is no longer there. */
  #takeFragment() {
    const token = tidy(new URLSearchParams(location.hash.slice(1)).get(FRAGMENT_PARAMETER) ?? "");
    if (token === "") return false;
    history.replaceState(null, "", location.pathname + location.search);
    if (!mayBeOffered(token)) return false;
    this.#keep(token);
    return true;
  }

  /** What was typed goes with the menu; whether a token is still good is found out anew. */
  #toggled() {
    if (this.#menu.open) return this.#show();
    this.#form.reset();
    this.#showProblem("");
  }

  #show() {
    this.#menu.dataset.inUse = this.#token !== "";
    this.#inUse.hidden = this.#token === "";
    this.#note.textContent = describe(this.#token, new Date());
  }

  #showProblem(text) {
    this.#problem.textContent = text;
    this.#problem.hidden = text === "";
    this.#field.setAttribute("aria-invalid", String(text !== ""));
  }
}

/** Storage may be switched off; the token then lives as long as the page. */
function stored() {
  try {
    return sessionStorage.getItem(STORED_TOKEN);
  } catch {
    return null;
  }
}

function store(token) {
  try {
    if (token) sessionStorage.setItem(STORED_TOKEN, token);
    else sessionStorage.removeItem(STORED_TOKEN);
  } catch {
    // See `stored`.
  }
}
