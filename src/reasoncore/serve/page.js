"use strict";
// Everything that a model wrote is put on the page as text, never as markup.
const at = (id) => document.getElementById(id);
const node = (tag, className, text) => Object.assign(document.createElement(tag), { className: className || "", textContent: text ?? "" });
let stopping = null;
let trajectories = new Map();

function headers() {
  const key = at("key").value;
  return { "Content-Type": "application/json", ...(key ? { Authorization: `Bearer ${key}` } : {}) };
}

async function loadModels() {
  const reply = await fetch("/v1/models", { headers: headers() });
  at("key-label").hidden = reply.status !== 401 && !at("key").value;
  if (!reply.ok) return fail((await reply.json()).error.message);
  at("error").hidden = true;
  const chosen = at("model").value;
  const names = (await reply.json()).data.map((model) => model.id);
  at("model").replaceChildren(...names.map((name) => Object.assign(node("option", "", name), { value: name })));
  at("model").value = names.includes(chosen) ? chosen : names[names.length - 1];
  showSettings();
}

const isClr = () => at("model").value.endsWith("+clr");

function showSettings() {
  for (const label of document.querySelectorAll("label.clr")) label.hidden = !isClr();
}

function fail(message) {
  at("error").textContent = message;
  at("error").hidden = false;
  at("status").textContent = "";
}

function reset() {
  trajectories = new Map();
  for (const id of ["error", "result", "votes-section", "list-section"]) at(id).hidden = true;
  for (const id of ["answer", "sure", "votes", "list"]) at(id).replaceChildren();
}

async function ask(event) {
  event.preventDefault();
  reset();
  stopping = new AbortController();
  at("ask").disabled = true;
  at("stop").disabled = false;
  const began = Date.now();
  const clock = setInterval(() => progress(began), 200);
  try {
    const body = { model: at("model").value, messages: [{ role: "user", content: at("question").value }], stream: true };
    if (isClr()) body.clr = { k: Number(at("k").value), claims: Number(at("claims").value) };
    const options = { method: "POST", headers: headers(), body: JSON.stringify(body), signal: stopping.signal };
    progress(began);
    const reply = await fetch("/v1/chat/completions", options);
    if (!reply.ok) throw new Error((await reply.json()).error?.message ?? `HTTP ${reply.status}`);
    for await (const chunk of chunks(reply.body)) take(chunk);
    at("status").textContent = `${((Date.now() - began) / 1000).toFixed(1)} s`;
  } catch (error) {
    if (error.name === "AbortError") at("status").textContent = "stopped";
    else fail(error.message);
  } finally {
    clearInterval(clock);
    at("ask").disabled = false;
    at("stop").disabled = true;
  }
}

async function* chunks(stream) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  while (true) {
    const { value, done } = await reader.read();
    if (done) return;
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      if (line.startsWith("data: ") && line !== "data: [DONE]") yield JSON.parse(line.slice(6));
    }
  }
}

function take(chunk) {
  if (chunk.error) throw new Error(chunk.error.message);
  const delta = chunk.choices?.[0]?.delta;
  if (delta?.content) {
    at("result").hidden = false;
    at("answer").append(delta.content);
  }
  if (chunk.clr_trajectory) {
    trajectories.set(chunk.clr_trajectory.number, chunk.clr_trajectory);
    drawTrajectory(chunk.clr_trajectory);
    drawVotes();
  }
  if (chunk.clr) finish(chunk.clr);
}

function progress(began) {
  const seconds = ((Date.now() - began) / 1000).toFixed(0);
  const checked = [...trajectories.values()].filter((one) => one.verdicts !== null).length;
  const of = isClr() ? `: ${trajectories.size} of ${at("k").value} trajectories, ${checked} checked` : "";
  at("status").textContent = `working, ${seconds} s${of}`;
}

// While it runs, answers are grouped by how they are written; the server's own classes replace that at the end.
function drawVotes(classes) {
  const groups = new Map();
  for (const one of trajectories.values()) {
    if (one.answer === null) continue;
    const group = groups.get(one.answer) ?? { answer: one.answer, votes: 0, held: 0 };
    group.votes += 1;
    group.held += one.verdicts !== null && !one.verdicts.includes(false) ? 1 : 0;
    groups.set(one.answer, group);
  }
  const rows = classes ?? [...groups.values()];
  const most = Math.max(1, ...rows.map((row) => row.votes));
  rows.sort((a, b) => (b.score ?? b.votes) - (a.score ?? a.votes));
  at("votes-section").hidden = rows.length === 0;
  at("votes").replaceChildren(...rows.map((row) => {
    const line = node("div", "vote");
    const bar = node("div", "bar");
    for (const [value, className] of [[row.votes, ""], [row.score ?? row.held, "held"]]) {
      const filled = node("i", className);
      filled.style.width = `${(100 * value) / most}%`;
      bar.append(filled);
    }
    const votes = `${row.votes} ${row.votes === 1 ? "vote" : "votes"}`;
    const words = row.score === undefined ? votes : `${votes}, ${scoreOf(row)}`;
    line.append(node("b", "", row.answer), bar, node("small", "", words));
    return line;
  }));
}

// What early stopping left unchecked could not change the answer.
function scoreOf(row) {
  if (row.checked === 0) return "not checked";
  return `score ${row.score.toFixed(2)}${row.checked < row.votes ? ` of ${row.checked} that were checked` : ""}`;
}

function drawTrajectory(one) {
  at("list-section").hidden = false;
  const box = node("details");
  box.dataset.number = one.number;
  const refuted = (one.verdicts ?? []).filter((verdict) => verdict === false).length;
  const mark = one.verdicts === null ? "not checked" : refuted ? `${refuted} of ${one.claims.length} claims refuted` : "holds";
  const summary = node("summary");
  const tone = one.verdicts === null ? "mark" : refuted ? "mark bad" : "mark good";
  summary.append(node("span", "n", `${one.number + 1}.`), node("b", "", one.answer ?? "no answer"), node("span", tone, mark));
  box.append(summary);
  if (one.claims.length) {
    const claims = node("ol");
    one.claims.forEach((claim, place) => {
      const verdict = one.verdicts?.[place];
      claims.append(node("li", verdict === false ? "refuted" : verdict ? "valid" : "", verdict === false ? `${claim} (refuted)` : claim));
    });
    box.append(claims);
  }
  box.append(node("pre", "", one.text));
  const old = at("list").querySelector(`details[data-number="${one.number}"]`);
  if (old) {
    box.open = old.open;
    old.replaceWith(box);
    return;
  }
  const after = [...at("list").children].find((other) => Number(other.dataset.number) > one.number);
  at("list").insertBefore(box, after ?? null);
}

function finish(found) {
  drawVotes(found.classes.map((one) => ({ ...one, votes: one.members.length })));
  const words = [];
  if (found.confidence !== null) words.push(`confidence ${(100 * found.confidence).toFixed(0)} % of the ${found.confidence_of}`);
  words.push(`${found.votes} of ${found.trajectories.length} votes`);
  if (found.majority !== found.answer) words.push(`the plain vote would say ${found.majority}`);
  if (found.by_votes) words.push("no check could be had: the votes decided");
  const answers = found.classes.reduce((sum, one) => sum + one.members.length, 0);
  if (answers < 2) words.push(`only ${answers} of ${found.asked} trajectories gave an answer`);
  if (found.unparsable_rate) words.push(`${(100 * found.unparsable_rate).toFixed(0)} % of the verdicts could not be read`);
  if (found.padded_rate) words.push(`${(100 * found.padded_rate).toFixed(0)} % of the claims were missing`);
  for (const failure of found.failures) words.push(failure);
  at("sure").textContent = words.join("; ");
}

at("form").addEventListener("submit", ask);
at("stop").addEventListener("click", () => stopping?.abort());
at("model").addEventListener("change", showSettings);
at("key").addEventListener("change", loadModels);
loadModels();
