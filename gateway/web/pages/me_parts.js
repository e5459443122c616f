// What the resident's own page has besides code and overview: parts that ask for themselves when they are opened.

import { kept } from "../lib/stored_registration.js";
import { prepareArrivals } from "../parts/arrivals.js";
import { prepareBookings } from "../parts/bookings.js";
import { prepareCertificate } from "../parts/certificate.js";
import { prepareReasons } from "../parts/colour_reasons.js";
import { prepareDeclarations } from "../parts/declarations.js";
import { prepareFamily } from "../parts/family.js";
import { prepareReport } from "../parts/health_report.js";
import { APPEALS, QUESTIONS, prepareLetters } from "../parts/inquiries.js";
import { prepareParticulars } from "../parts/personal_details.js";

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
