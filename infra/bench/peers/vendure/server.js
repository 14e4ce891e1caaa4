// Vendure with its own search index. The rows of the index are inserted by the bench once the tables are there.
"use strict";

const { bootstrap, DefaultLogger, DefaultSearchPlugin, LogLevel } = require("@vendure/core");
const { populateInitialData } = require("@vendure/core/cli");

const [dsn, port] = process.argv.slice(2);

async function main() {
  const app = await bootstrap({
    apiOptions: { port: Number(port), hostname: "127.0.0.1", adminApiPath: "admin-api", shopApiPath: "shop-api" },
    authOptions: { tokenMethod: "bearer", superadminCredentials: { identifier: "bench", password: "bench-only" } },
    dbConnectionOptions: { type: "postgres", url: dsn, synchronize: true, logging: false, extra: { max: 10 } },
    logger: new DefaultLogger({ level: LogLevel.Error }),
    paymentOptions: { paymentMethodHandlers: [] },
    plugins: [DefaultSearchPlugin.init({ bufferUpdates: false, indexStockStatus: false })],
  });
  await populateInitialData(app, {
    defaultLanguage: "en",
    defaultZone: "Europe",
    countries: [{ name: "Germany", code: "DE", zone: "Europe" }],
    taxRates: [{ name: "Standard Tax", percentage: 0 }],
    shippingMethods: [],
    paymentMethods: [],
    collections: [],
    roles: [],
  });
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
