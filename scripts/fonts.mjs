// Puts the fonts of PDF files beside what the portal serves: they hold most of the world's alphabets.
import { copyFileSync, mkdirSync } from "node:fs";
const folder = "static/dist/fonts";
mkdirSync(folder, { recursive: true });
for (const name of ["DejaVuSans.ttf", "DejaVuSans-Bold.ttf"]) copyFileSync(`node_modules/dejavu-fonts-ttf/ttf/${name}`, `${folder}/${name}`);
