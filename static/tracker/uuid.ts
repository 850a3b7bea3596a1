/** A UUID: version 7 (it sorts by time, which the store likes) when given a time, else version 4 (it says nothing). */
export function uuid(time?: number): string {
  // Not crypto.randomUUID: a page on plain http has no such function.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[8] = (bytes[8]! & 63) | 128;
  const hex = Array.from(bytes, (byte) => (byte + 256).toString(16).slice(1)).join("");
  const start = time ? time.toString(16).padStart(12, "0") + 7 : hex.slice(0, 12) + 4;
  return (start + hex.slice(13)).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
