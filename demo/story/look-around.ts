/** After the story: where the service is, and what to try while it runs. */
import { ada, OKTA_PASSWORD } from "./acme-directory.js";
import { type Play, userNamed } from "./play.js";

export async function inviteToLookAround(play: Play): Promise<void> {
  const { screen, stage, loginUrls } = play;
  const { url, tokenPath } = stage.service;
  const { id } = await userNamed(play, "dee");
  screen.say();
  screen.say("Look around. Ctrl-C ends it and removes everything.");
  screen.say(`  TOKEN=$(cat ${tokenPath}); ACME=${url}/api/v1/tenants/acme`);
  screen.say('  curl -H "Authorization: Bearer $TOKEN" "$ACME/users?team=Platform"');
  screen.say(`  curl -H "Authorization: Bearer $TOKEN" "$ACME/users/${id}/explain"`);
  screen.say('  curl -H "Authorization: Bearer $TOKEN" "$ACME/audit?limit=10"');
  screen.say("In a browser:");
  screen.say(`  by SAML, as ${ada.userName} with \`${OKTA_PASSWORD}\`: ${loginUrls.okta}`);
  screen.say(`  by OIDC, as cy or dee: ${loginUrls.entra}`);
}
