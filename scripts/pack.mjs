// Packs the built text files once, so that no request has to: app.css.gz beside app.css.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
const folder = "static/dist/assets";
for (const name of readdirSync(folder).filter((name) => /\.(css|js|svg)$/.test(name))) {
  writeFileSync(`${folder}/${name}.gz`, gzipSync(readFileSync(`${folder}/${name}`), { level: 9 }));
}
