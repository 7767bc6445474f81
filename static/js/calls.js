// Tool calls and pictures of a turn: added, replaced, taken away. A picture is sent ahead, so that the form holds its
// address and not its bytes.

import { act, byId, desk, newId, onShown, parse, say, word } from "./desk.js";
import { restructured } from "./turns.js";

function addCall(button) {
  const turn = button.closest("[data-turn]").dataset.turn;
  const key = `n${newId().slice(0, 8)}`;
  const html = byId("call-template").innerHTML.replaceAll("__KEY__", turn).replaceAll("__CALL__", key);
  const call = parse(html).querySelector("[data-call]");
  button.closest("p").before(document.importNode(call, true));
  desk.form.querySelector(`[name="${turn}-call-${key}-name"]`)?.focus();
  restructured();
}

async function sendPicture(input) {
  const [file] = input.files;
  if (!file) return;
  const body = new FormData();
  body.set("file", file);
  body.set("csrfmiddlewaretoken", desk.form.elements.csrfmiddlewaretoken.value);
  const here = desk;
  try {
    const answer = await fetch(desk.form.dataset.pictures, { method: "POST", body });
    const page = parse(await answer.text());
    if (here !== desk) return;
    const picture = page.querySelector("[data-address]");
    if (!answer.ok || !picture) { say(page.querySelector("[data-problem]")?.textContent.trim() || word("sayBroken"), "error"); return; }
    show(input, document.importNode(picture, true));
  } catch {
    say(word("sayFailed"), "error");
  }
}

function show(input, picture) {
  const { address } = picture.dataset;
  const row = input.closest(".part");
  if ("adds" in input.dataset) {
    const added = document.createElement("div");
    const field = Object.assign(document.createElement("input"), { type: "hidden", name: input.dataset.picture, value: address });
    added.className = "row part";
    added.append(picture, field);
    row.closest(".fold").before(added);
  } else {
    row.querySelector("[type=hidden]").value = address;
    row.firstElementChild.replaceWith(picture);
  }
  input.value = "";
  restructured();
}

act("call", addCall);
onShown(() => {
  desk.form.addEventListener("change", (event) => { if (event.target.matches("[data-picture]")) sendPicture(event.target); });
});
