// A held file's page: what is said of it is looked at at once; only the result is drawn anew, never what is typed in.
// Without this module a button does it.

const FORM = "form[data-review]";
const READ_ANOTHER_WAY = ["container", "member", "sheet", "encoding", "delimiter", "format"]; // then the columns are others: the whole page is
const ASKED = "review-asked"; // the field that the page was loaded anew for has the focus again
const PAUSE = 250; // milliseconds in which a further change waits for no answer to the one before

function setUp(form) {
  if (form.dataset.ready) return;
  form.dataset.ready = "1";
  const look = form.querySelector("[data-look]");
  let waiting;
  look.closest("[data-without-script]").hidden = true;
  form.elements[sessionStorage.getItem(ASKED)]?.focus();
  sessionStorage.removeItem(ASKED);
  form.addEventListener("change", (event) => {
    clearTimeout(waiting);
    if (READ_ANOTHER_WAY.includes(event.target.name)) {
      sessionStorage.setItem(ASKED, event.target.name);
      form.requestSubmit(look);
    } else if (event.target.matches("select, input[list], input[type=checkbox]:not([name=again])")) {
      waiting = setTimeout(() => form.dispatchEvent(new Event("look")), PAUSE);
    }
  });
  form.addEventListener("submit", () => clearTimeout(waiting)); // sending says it all
}

document.querySelectorAll(FORM).forEach(setUp);
