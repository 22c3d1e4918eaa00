/** What `samlp-provider.ts` uses of samlp, which comes without types. */
declare module "samlp" {
  interface Request {
    readonly method: string;
    readonly query: Readonly<Record<string, string>>;
    readonly body: Readonly<Record<string, string>>;
    /** Handed to the profile mapper. */
    readonly user?: object;
  }

  interface Response {
    set(name: string, value: string): void;
    /** A page, or a status. */
    send(body: number | string): void;
  }

  type Handler<R> = (request: R, response: Response, next: (error: unknown) => void) => void;

  interface Options {
    readonly issuer: string;
    readonly cert: string;
    readonly key: string;
  }

  interface AuthOptions extends Options {
    readonly audience: string;
    readonly recipient: string;
    readonly destination: string;
    readonly RelayState: string;
    readonly signResponse: boolean;
    readonly signAssertion: boolean;
    readonly nameIdentifierFormat: string;
    readonly lifetimeInSeconds: number;
    readonly authnContextClassRef: string;
    readonly sessionIndex: string;
    readonly getPostURL: (
      audience: string,
      dom: unknown,
      request: Request,
      done: (error: null, url: string) => void,
    ) => void;
    readonly profileMapper?: (user: object) => ProfileMapper;
  }

  interface ProfileMapper {
    getClaims(): object;
    getNameIdentifier(): object;
  }

  interface ErrorOptions extends Options {
    readonly destination: string;
    readonly inResponseTo: string;
    readonly RelayState: string;
    readonly signResponse: boolean;
    readonly signatureAlgorithm: string;
    readonly digestAlgorithm: string;
    readonly error: { readonly code: string; readonly description: string };
    readonly getPostURL: (request: Request, done: (error: null, url: string) => void) => void;
  }

  interface MetadataOptions extends Options {
    readonly redirectEndpointPath: string;
    readonly postEndpointPath: string;
    readonly logoutEndpointPaths: object;
  }

  interface MetadataRequest {
    readonly headers: Readonly<Record<string, string>>;
    readonly protocol: string;
  }

  interface ParsedRequest {
    readonly id: string;
    readonly issuer: string;
  }

  export function auth(options: AuthOptions): Handler<Request>;
  export function sendError(options: ErrorOptions): Handler<Request>;
  export function metadata(options: MetadataOptions): Handler<MetadataRequest>;
  export function parseRequest(request: Request, done: (error: unknown, parsed?: ParsedRequest) => void): void;
}
