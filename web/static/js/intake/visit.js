/** A reception without a case: somebody who was here before is found by number or name, as when a case is entered. */

import { People } from "./people.js";

const form = document.querySelector("form[data-entry-like]");
if (form instanceof HTMLFormElement) new People(form);
