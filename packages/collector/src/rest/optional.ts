/** A member, or none where there is no value: v7 leaves out what has none, it knows no null. */
export function optional<K extends string, V>(name: K, value: V | null | undefined) {
  return (value == null ? {} : { [name]: value }) as { readonly [key in K]?: V & {} };
}
