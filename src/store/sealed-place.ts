// The places that sealed values are bound to (see kit/seal.ts): table, row, field. A row that is renamed is sealed anew.

/** Takes a credential's name and field; returns the place its sealed value is bound to. */
export function credentialPlace(name: string, field: string): string {
  return `credentials/${name}/${field}`;
}

/** Takes a tool server's name and field; returns the place its sealed value is bound to. */
export function toolServerPlace(name: string, field: string): string {
  return `tool_servers/${name}/${field}`;
}
