// Answers appear while the model writes them. Without this module the form is sent as a whole and the page comes back
// with all of them; with it, each answer is streamed, then read by the contract on the server and shown as a row.

const form = document.getElementById("playground");
const rows = document.getElementById("rows");
const table = document.getElementById("table");
const section = document.getElementById("answers");

function body(fields) {
  const sent = new FormData();
  sent.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
  for (const name of ["model", "temperature", "prompt"]) sent.set(name, form.elements[name].value);
  for (const [name, value] of Object.entries(fields)) sent.set(name, value);
  return sent;
}

// The whole text of one answer; `shown` gets it as it grows. Throws an Error whose message is for people.
async function answer(question, arm, shown) {
  let reply;
  try {
    reply = await fetch(form.dataset.stream, { method: "POST", body: body({ question, arm }) });
  } catch {
    throw new Error(form.dataset.away);
  }
  if (!reply.ok || reply.redirected) throw new Error(form.dataset.away);
  const reader = reply.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "", left = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) throw new Error(form.dataset.away);
    const lines = (left + value).split("\n");
    left = lines.pop();
    for (const line of lines) {
      const told = JSON.parse(line);
      if (told.refused) throw new Error(told.refused);
      if (told.end) return text;
      text += told.piece;
      shown.textContent = text;
    }
  }
}

function draft(question, arms) {
  const row = document.createElement("article");
  row.className = "duel";
  row.append(Object.assign(document.createElement("p"), { className: "verbatim asked", textContent: question }));
  const sides = row.appendChild(Object.assign(document.createElement("div"), { className: "duel-sides" }));
  const shown = {};
  for (const arm of arms) {
    const side = sides.appendChild(document.createElement("section"));
    shown[arm] = side.appendChild(Object.assign(document.createElement("p"), { className: "verbatim answer" }));
    shown[arm].textContent = form.dataset.asking;
  }
  rows.append(row);
  return { row, shown };
}

async function askOne(question, arms, kept) {
  const { row, shown } = draft(question, arms);
  const found = { question };
  await Promise.all(arms.map(async (arm) => {
    try {
      found[arm] = await answer(question, arm, shown[arm]);
    } catch (refusal) {
      shown[arm].textContent = refusal.message;
      shown[arm].classList.add("error");
    }
  }));
  if (arms.some((arm) => found[arm] === undefined)) return;
  kept.push(found);
  const read = await fetch(form.dataset.read, { method: "POST", body: body(found) });
  if (read.ok) row.outerHTML = await read.text();
  table.elements.rows.value = JSON.stringify(kept);
}

form?.addEventListener("submit", async (event) => {
  const questions = form.elements.questions.value.split(/\n\s*\n/).map((one) => one.trim()).filter(Boolean);
  if (form.dataset.streams !== "1" || !questions.length || questions.length > 8 || !form.checkValidity()) return;
  event.preventDefault();
  const arms = form.elements.base.checked ? ["base", "tuned"] : ["tuned"];
  const button = event.submitter;
  button.disabled = true;
  rows.replaceChildren();
  section.hidden = false;
  const kept = [];
  for (const question of questions) await askOne(question, arms, kept);
  button.disabled = false;
});

// Another model is another form of answer: the page is asked anew for it.
form?.elements.model.addEventListener("change", (event) => {
  location.search = new URLSearchParams({ model: event.target.value });
});
