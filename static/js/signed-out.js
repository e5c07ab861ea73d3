// Whoever sees the sign-in page is signed out here: nothing that opens without network stays behind.

import { forgetPages } from "./scanning/offline.js";

forgetPages();
