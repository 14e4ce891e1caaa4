// PostGraphile on the tables of the catalog, with the settings that its manual advises for production.
"use strict";

const http = require("node:http");
const { Pool } = require("pg");
const { postgraphile } = require("postgraphile");

const [dsn, port] = process.argv.slice(2);
const pool = new Pool({ connectionString: dsn, max: 10 });
const middleware = postgraphile(pool, "catalog", {
  disableDefaultMutations: true,
  disableQueryLog: true,
  dynamicJson: true,
  enableQueryBatching: false,
  ignoreRBAC: true,
  setofFunctionsContainNulls: false,
  graphiql: false,
});

http.createServer(middleware).listen(Number(port), "127.0.0.1");
