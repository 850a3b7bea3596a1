/** The token by which a person shows the site's owner who they are: for asking what is held, or for having it deleted. */
import { endpoint, site } from "./config";
import { guarded } from "./dom";
import { deviceId } from "./identity";

export function privacyToken(use: (token?: string) => void): void {
  const done = guarded(use);
  const body = JSON.stringify({ site, device_id: deviceId(), hostname: location.hostname });
  fetch(endpoint().replace(/events$/, "privacy-token"), { method: "POST", body, credentials: "omit" }).then(
    (answer) => answer.json().then((told) => done(told.token)),
    () => done(),
  );
}
