// What the desk is made of, one module a line (who imports another hears what happens after it). Only this file is a
// script of the page: were a module that others import one as well, it would be there twice under hashed names.

import "./choosing.js";
import "./form.js";
import "./turns.js";
import "./calls.js";
import "./reading.js";
import "./sending.js";
import "./findings.js";
import "./checking.js";
import "./keeping.js";
import "./windows.js";
import "./prefetch.js";
import "./holding.js";
import "./reasons.js";
import "./tags.js";
import "./merge.js";
import "./mentions.js";
import "./guideline.js";
import { start } from "./desk.js";

start();
