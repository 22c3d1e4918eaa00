import type { Face } from "./route.js";

/** A face, and the prefix or alias by which a path is below it. */
export interface FacePlace {
  readonly below: string;
  readonly face: Face;
}

/** The face with the longest prefix answers for a path, also where it has no route for it. */
export function createPlaces(faces: readonly Face[]): (path: string) => FacePlace | undefined {
  const places = faces.flatMap((face): readonly FacePlace[] => {
    const { prefix, alias } = face;
    return [{ below: prefix, face }, ...(alias === undefined ? [] : [{ below: alias, face }])];
  });
  places.sort((left, right) => right.below.length - left.below.length);
  const isBelow = (path: string, prefix: string): boolean =>
    prefix === "" || path === prefix || path.startsWith(`${prefix}/`);
  return (path) => places.find(({ below }) => isBelow(path, below));
}
