/** The migrations in their order. INVARIANT: names and contents never change once released; a change is a new one. */
import { ACCESS_LEDGER } from "./access-ledger.js";
import { ACCOUNT_ROLES } from "./account-roles.js";
import { CHANGED_NAMES } from "./changed-names.js";
import { CONNECTION_KEYS } from "./connection-keys.js";
import { CUSTOM_RESOURCES } from "./custom-resources.js";
import { DIRECTORY_LEDGER } from "./directory-ledger.js";
import { DIRECTORY_LIFECYCLE } from "./directory-lifecycle.js";
import { DOMAIN_CLAIMS } from "./domain-claims.js";
import { END_OF_LIVE_SYNC } from "./end-of-live-sync.js";
import { ERASED_USERS } from "./erased-users.js";
import { FORMER_EVIDENCE } from "./former-evidence.js";
import { GRANTS_OF_RULE } from "./grants-of-rule.js";
import { GROUP_PINS } from "./group-pins.js";
import { GROUP_SEPARATOR } from "./group-separator.js";
import { HINTS_OF_SESSIONS } from "./hints-of-sessions.js";
import { ITEMS_OF_SUBJECTS } from "./items-of-subjects.js";
import { JOURNAL_AND_SIGN_INS } from "./journal-and-sign-ins.js";
import { KEPT_OUT } from "./kept-out.js";
import { LINKING_ACROSS } from "./linking-across.js";
import { LOGOUT_HINTS } from "./logout-hints.js";
import { MAPPINGS_AND_RUNS } from "./mappings-and-runs.js";
import { MARKS_OF_OPEN_RUNS } from "./marks-of-open-runs.js";
import { MARKS_OF_RUNS } from "./marks-of-runs.js";
import { MEMBERSHIPS_COVERED } from "./memberships-covered.js";
import { METADATA_REFRESH } from "./metadata-refresh.js";
import type { Migration } from "./migration.js";
import { NAMES_LET_GO } from "./names-let-go.js";
import { NESTED_GROUPS } from "./nested-groups.js";
import { NOT_THEM } from "./not-them.js";
import { REQUEST_LEASES } from "./request-leases.js";
import { REQUEST_LOG } from "./request-log.js";
import { ROLE_ASSIGNMENTS } from "./role-assignments.js";
import { SAML_CONNECTIONS } from "./saml-connections.js";
import { SEATS_LEFT } from "./seats-left.js";
import { SERVICE_ACCOUNTS } from "./service-accounts.js";
import { SESSION_DETAILS } from "./session-details.js";
import { SHOWN_PROFILE } from "./shown-profile.js";
import { SIGN_IN_NAMES } from "./sign-in-names.js";
import { STANDING_EVIDENCE } from "./standing-evidence.js";
import { TEAM_POLICIES } from "./team-policies.js";
import { TENANTS_AND_CONNECTIONS } from "./tenants-and-connections.js";

export type { Migration };

export const MIGRATIONS: readonly Migration[] = [
  TENANTS_AND_CONNECTIONS,
  ACCESS_LEDGER,
  DIRECTORY_LEDGER,
  MAPPINGS_AND_RUNS,
  JOURNAL_AND_SIGN_INS,
  SAML_CONNECTIONS,
  GROUP_PINS,
  ROLE_ASSIGNMENTS,
  GROUP_SEPARATOR,
  SHOWN_PROFILE,
  GRANTS_OF_RULE,
  FORMER_EVIDENCE,
  MARKS_OF_RUNS,
  ERASED_USERS,
  TEAM_POLICIES,
  MARKS_OF_OPEN_RUNS,
  SERVICE_ACCOUNTS,
  DIRECTORY_LIFECYCLE,
  NESTED_GROUPS,
  REQUEST_LOG,
  CUSTOM_RESOURCES,
  REQUEST_LEASES,
  END_OF_LIVE_SYNC,
  ACCOUNT_ROLES,
  STANDING_EVIDENCE,
  SIGN_IN_NAMES,
  CONNECTION_KEYS,
  LOGOUT_HINTS,
  SESSION_DETAILS,
  DOMAIN_CLAIMS,
  METADATA_REFRESH,
  KEPT_OUT,
  NOT_THEM,
  CHANGED_NAMES,
  NAMES_LET_GO,
  LINKING_ACROSS,
  SEATS_LEFT,
  HINTS_OF_SESSIONS,
  MEMBERSHIPS_COVERED,
  ITEMS_OF_SUBJECTS,
];
