/** The names that SAML 2.0, XML Signature and XML Encryption give to things. */
export const SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol";
export const SAML = "urn:oasis:names:tc:SAML:2.0:assertion";
export const DS = "http://www.w3.org/2000/09/xmldsig#";
/** RFC 4051: algorithms that came after XML Signature. */
export const MORE = "http://www.w3.org/2001/04/xmldsig-more#";
export const XENC = "http://www.w3.org/2001/04/xmlenc#";
export const XENC11 = "http://www.w3.org/2009/xmlenc11#";
export const EXCLUSIVE_C14N = "http://www.w3.org/2001/10/xml-exc-c14n#";
export const XSI = "http://www.w3.org/2001/XMLSchema-instance";
export const STATUS_PREFIX = "urn:oasis:names:tc:SAML:2.0:status:";
export const BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer";
export const ENTITY_FORMAT = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity";
export const UNSPECIFIED_FORMAT = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified";
