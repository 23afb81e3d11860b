// The "pretend to be" panel with a script. Everything in it works without one.
"use strict";
