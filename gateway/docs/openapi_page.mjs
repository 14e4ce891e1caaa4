// The viewer of the OpenAPI document. It sends requests to this gateway only, and keeps the access token in memory.
let token = "";

const viewer = window.SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#viewer",
  deepLinking: true,
  docExpansion: "list",
  filter: true,
  defaultModelsExpandDepth: 0,
  validatorUrl: null,
  requestInterceptor: (request) => {
    if (token && !request.headers.Authorization) request.headers.Authorization = `Bearer ${token}`;
    return request;
  },
  responseInterceptor: (response) => {
    if (response.obj?.accessToken) {
      token = response.obj.accessToken;
      viewer.preauthorizeApiKey("bearer", token);
    }
    return response;
  },
});
