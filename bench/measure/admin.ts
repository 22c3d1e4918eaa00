/** The admin API as the bench calls it, over HTTP like everybody. */
export interface Admin {
  call<Body>(method: string, path: string, body?: string): Promise<Body>;
}

export function createAdmin(url: string, token: string): Admin {
  return {
    async call<Body>(method: string, path: string, body?: string): Promise<Body> {
      const response = await fetch(`${url}/api/v1${path}`, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body !== undefined && { "content-type": "application/json" }),
        },
        ...(body !== undefined && { body }),
      });
      const text = await response.text();
      if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text.slice(0, 500)}`);
      return JSON.parse(text) as Body;
    },
  };
}
