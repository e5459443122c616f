// The form by which a resident declares symptoms, stays and contacts again, as far as the city asks for them.
// The new answers replace the earlier ones, which stay on record as a declaration.

import { handleSubmit } from "../form/actions.js";
import {
  clearHealthAnswers,
  prepareHealthQuestions,
  readHealthAnswers,
  showHealthQuestions,
} from "../form/health_questions.js";
import { whenOpened } from "./collapsible.js";
import { findElement } from "../lib/element.js";
import { changeOwn, readPublic } from "../lib/resident_api.js";
import { problemWords, resident } from "../lib/words.js";

/** Shows the questions of the rule pack in force. Without any, the form is hidden. */
async function loadQuestions() {
  const answer = await readPublic("/v1/registration", () => {});
  if (answer.status === 200) {
    showHealthQuestions(answer.body.asks);
    findElement("statement-form").hidden = answer.body.asks.length === 0;
  }
}

/** Prepares the form. `load` shows the declarations again.
 * @param {import("./collapsible.js").Reload} load */
export function prepareHealthStatement(load) {
  prepareHealthQuestions();
  whenOpened("declarations", () => void loadQuestions());
  handleSubmit("statement-form", async (retrying) => {
    const answer = await changeOwn("PATCH", "", readHealthAnswers(), retrying);
    if (answer.status !== 200) {
      return problemWords(answer);
    }
    /** @type {HTMLFormElement} */ (findElement("statement-form")).reset();
    clearHealthAnswers();
    void load();
    return resident.statementUpdated;
  });
}
