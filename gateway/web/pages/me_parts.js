// The other parts of the resident's own page. Each loads its content when it is opened.

import { openPart } from "../parts/collapsible.js";
import { readRegistration } from "../lib/registration/stored_registration.js";
import { prepareArrivals } from "../parts/arrivals.js";
import { prepareBookings } from "../parts/bookings.js";
import { prepareCertificate } from "../parts/certificate.js";
import { prepareColourReasons } from "../parts/colour_reasons.js";
import { prepareDeclarations } from "../parts/declarations.js";
import { prepareErasure } from "../parts/erasure.js";
import { prepareFamily } from "../parts/family.js";
import { prepareReport } from "../parts/health_report.js";
import { APPEALS, QUESTIONS, prepareInquiries } from "../parts/inquiries.js";
import { preparePersonalDetails } from "../parts/personal_details.js";

const own = readRegistration();
if (own !== null) {
  prepareColourReasons();
  prepareReport();
  prepareFamily(own.person);
  prepareDeclarations();
  prepareArrivals();
  prepareBookings();
  prepareInquiries(APPEALS);
  prepareInquiries(QUESTIONS);
  preparePersonalDetails();
  prepareCertificate();
  prepareErasure();
  // The foot of every page leads to the questions.
  if (new URLSearchParams(location.search).get("part") === "questions") {
    openPart("questions");
  }
}
