// The resident's own page. It shows the code immediately, without a connection, and the overview when it
// arrives. The other parts are a separate script, so the code does not wait for them. A sheet's code opens
// this page with a registration, which is stored only if the person agrees.

import { findElement, setWords } from "../lib/element.js";
import { acceptOffer, takeOffer } from "./offered_registration.js";
import { isEndCode } from "../lib/registration/registration_end.js";
import { registerServiceWorker } from "../lib/service_worker.js";
import { readRegistration } from "../lib/registration/stored_registration.js";
import { problems, status } from "../lib/words.js";
import { startMyCode } from "../parts/my_code.js";
import { startOverview } from "../parts/overview.js";

const offered = takeOffer();
const own = readRegistration();

/** Asks whether to store an offered registration. @param {NonNullable<typeof offered>} offer */
function askToAccept(offer) {
  document.body.dataset.state = "offer";
  findElement("offer").hidden = false;
  findElement("offer-replaces").hidden = own === null || own.person === offer.person;
  findElement("offer-accept").addEventListener("click", () => {
    acceptOffer(offer);
    location.replace("/me");
  });
  findElement("offer-decline").addEventListener("click", () => location.replace("/me"));
}

function showOwn() {
  document.body.dataset.state = own === null ? "unregistered" : "own";
  findElement("unregistered").hidden = own !== null;
  findElement("own").hidden = own === null;
  const ended = new URLSearchParams(location.search).get("ended");
  if (own !== null) {
    startMyCode(own);
    startOverview(own.person);
    window.addEventListener("load", () => registerServiceWorker("/worker.js"));
  } else if (isEndCode(ended)) {
    setWords(findElement("ended"), problems[ended] ?? status.unknownProblem);
  }
}

if (offered === null || offered.key === own?.key) {
  showOwn();
} else {
  askToAccept(offered);
}
