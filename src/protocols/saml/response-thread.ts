/** Runs in a thread of its own: reads and verifies the responses that it is handed. */
import { answerJobs } from "../../platform/worker-thread.js";
import { work } from "./response-work.js";

answerJobs(work);
