/** Unpacks Chromium, with the libraries that the package keeps for AWS Lambda, into the folder for temporary files: a process of its own, because both are told by its environment. */
import chromium from "@sparticuz/chromium";

await chromium.executablePath();
