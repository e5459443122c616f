// What the resident's own page has besides code and overview: parts that ask for themselves when they are opened.

import { prepareArrivals } from "./arrivals.js";
import { prepareBookings } from "./bookings.js";
import { prepareCertificate } from "./certificate.js";
import { prepareDeclarations } from "./declarations.js";
import { prepareFamily } from "./family.js";
import { prepareReport } from "./health_report.js";
import { APPEALS, QUESTIONS, prepareLetters } from "./letters.js";
import { prepareParticulars } from "./particulars.js";
import { prepareReasons } from "./reasons.js";
import { kept } from "./registration.js";

const own = kept();
if (own !== null) {
  prepareReasons();
  prepareReport();
  prepareFamily(own.person);
  prepareDeclarations();
  prepareArrivals();
  prepareBookings();
  prepareLetters(APPEALS);
  prepareLetters(QUESTIONS);
  prepareParticulars();
  prepareCertificate();
}
