// Packs the built text files once, so that no request has to: app.css.br and app.css.gz beside app.css.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { brotliCompressSync, gzipSync } from "node:zlib";
const folder = "static/dist/assets";
for (const name of readdirSync(folder).filter((name) => /\.(css|js|svg)$/.test(name))) {
  const whole = readFileSync(`${folder}/${name}`);
  writeFileSync(`${folder}/${name}.br`, brotliCompressSync(whole));
  writeFileSync(`${folder}/${name}.gz`, gzipSync(whole, { level: 9 }));
}
