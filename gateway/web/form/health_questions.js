// The questions about health that a city's rule pack asks at registration: symptoms, stays in other areas,
// and contacts with people from there. A person adds as many stays and contacts as there were.

import { findElement, makeElement, makeLine, makeWords, setWords } from "../lib/element.js";
import { fieldNames, forms, labels, symptoms } from "../lib/words.js";

/** @typedef {import("../lib/words.js").Words} Words */

/** The entries of a list that the server accepts. */
const ENTRIES_MAX = 10;

/** The questions that are shown. @type {string[]} */
let asked = [];
/** Makes the labels and fields of entries belong together. */
let entriesMade = 0;

/** The labels of an entry's dates, by question. @type {Record<string, Words[]>} */
const DATES = {
  stays: [labels.stayFrom, labels.stayUntil],
  contacts: [labels.metOn],
};

/** The questions, by name. @type {Record<string, Words>} */
const QUESTIONS = {
  symptoms: forms.askSymptoms,
  stays: forms.askStays,
  contacts: forms.askContacts,
};
/** The buttons that add an entry, by question. @type {Record<string, Words>} */
const ADD_BUTTONS = {
  stays: forms.addStay,
  contacts: forms.addContact,
};

/** @param {string} name */
function findQuestion(name) {
  return findElement(`${name}-question`);
}

/** @param {string} name */
function findEntries(name) {
  return [...findQuestion(name).querySelectorAll(".entry")];
}

/** A field with its label.
 * @param {Words} words @param {string} id @param {(input: HTMLInputElement) => void} set */
function makeField(words, id, set) {
  const [label, input] = [makeElement("label"), makeElement("input")];
  input.id = id;
  label.htmlFor = id;
  setWords(label, words);
  set(input);
  return [label, input];
}

/** Adds an empty entry to a list. @param {string} name */
function addEntry(name) {
  entriesMade += 1;
  const id = `${name}-${entriesMade}`;
  const area = makeField(labels.areaCode, `${id}-area`, (input) => {
    input.autocomplete = "off";
    input.required = true;
    input.pattern = "[0-9]{6}|[A-Za-z]{2}";
    input.maxLength = 6;
  });
  const dates = (DATES[name] ?? []).flatMap((words, number) =>
    makeField(words, `${id}-date-${number}`, (input) => {
      input.type = "date";
      input.required = number === 0;
    }),
  );
  const remove = makeElement("button");
  remove.type = "button";
  setWords(remove, forms.remove);
  const entry = makeElement("div", ...area, ...dates, remove);
  entry.className = "entry";
  remove.addEventListener("click", () => {
    entry.remove();
    updateAddButton(name);
  });
  findElement(`add-${name}`).before(entry);
  updateAddButton(name);
  entry.querySelector("input")?.focus();
}

/** @param {string} name */
function updateAddButton(name) {
  findElement(`add-${name}`).hidden = findEntries(name).length >= ENTRIES_MAX;
}

/** The area and the dates of an entry, as typed. @param {Element} entry */
function readEntry(entry) {
  const [area = "", ...dates] = [...entry.querySelectorAll("input")].map((input) => input.value.trim());
  return { area: area.toUpperCase(), dates };
}

/** A time of a date in this phone's time zone. @param {string} date @param {string} time */
function timeOn(date, time) {
  return new Date(`${date}T${time}`).toISOString();
}

/** A stay lasts from the first day's beginning to the last day's end. @param {Element} entry */
function readStay(entry) {
  const { area, dates } = readEntry(entry);
  const [from = "", until = ""] = dates;
  return { area, from: timeOn(from, "00:00"), ...(until === "" ? {} : { until: timeOn(until, "23:59") }) };
}

/** @param {Element} entry */
function readContact(entry) {
  const { area, dates } = readEntry(entry);
  return { area, at: timeOn(dates[0] ?? "", "00:00") };
}

function readSymptoms() {
  const felt = [...findQuestion("symptoms").querySelectorAll("input:checked")];
  return felt.map((box) => /** @type {HTMLInputElement} */ (box).value);
}

/** The answers to the questions that are shown, in the shape of the request. */
export function readHealthAnswers() {
  return {
    ...(asked.includes("symptoms") ? { symptoms: readSymptoms() } : {}),
    ...(asked.includes("stays") ? { stays: findEntries("stays").map(readStay) } : {}),
    ...(asked.includes("contacts") ? { contacts: findEntries("contacts").map(readContact) } : {}),
  };
}

/** The answers for review, each with the name of its question. @returns {[Words, Node][]} */
export function describeHealthAnswers() {
  const felt = readSymptoms().map((symptom) => makeWords(symptoms[symptom] ?? [symptom, ""]));
  /** @param {string} name */
  const entries = (name) => {
    return findEntries(name).map((entry) => {
      const { area, dates } = readEntry(entry);
      return `${area} ${dates.join(" – ")}`;
    });
  };
  const answers = { symptoms: felt, stays: entries("stays"), contacts: entries("contacts") };
  return Object.entries(answers)
    .filter(([name]) => asked.includes(name))
    .map(([name, lines]) => {
      const shown = lines.length === 0 ? makeWords(labels.none) : makeLine(lines, "；");
      return [fieldNames[name] ?? [name, ""], shown];
    });
}

/** Shows these questions only. @param {string[]} questions */
export function showHealthQuestions(questions) {
  asked = questions;
  for (const name of Object.keys(QUESTIONS)) {
    findQuestion(name).hidden = !asked.includes(name);
    if (!asked.includes(name)) {
      // A hidden field that is required would keep the form incomplete.
      findEntries(name).forEach((entry) => entry.remove());
    }
  }
}

/** Removes every entry. Resetting the form has emptied the boxes. */
export function clearHealthAnswers() {
  for (const name of Object.keys(ADD_BUTTONS)) {
    findEntries(name).forEach((entry) => entry.remove());
    updateAddButton(name);
  }
}

/** A hidden question. @param {string} name @param {Words} words */
function makeQuestion(name, words) {
  const legend = makeElement("legend");
  setWords(legend, words);
  const question = makeElement("fieldset", legend);
  question.id = `${name}-question`;
  question.hidden = true;
  return question;
}

/** @param {string} name @param {Words} words */
function makeAddButton(name, words) {
  const button = makeElement("button");
  button.type = "button";
  button.id = `add-${name}`;
  setWords(button, words);
  button.addEventListener("click", () => addEntry(name));
  return button;
}

/** Makes the questions, which are hidden until the city's are known. */
export function prepareHealthQuestions() {
  const questions = Object.entries(QUESTIONS).map(([name, words]) => makeQuestion(name, words));
  findElement("health-questions").append(...questions);
  const boxes = Object.entries(symptoms).map(([symptom, words]) => {
    const box = makeElement("input");
    box.type = "checkbox";
    box.value = symptom;
    return makeElement("label", box, makeWords(words));
  });
  findQuestion("symptoms").append(...boxes);
  for (const [name, words] of Object.entries(ADD_BUTTONS)) {
    findQuestion(name).append(makeAddButton(name, words));
  }
}
