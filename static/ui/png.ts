/* Loaded when somebody asks for a picture of a panel. */
import { toPng } from "html-to-image";

(window as any).footfallPng = async (node: HTMLElement, name: string): Promise<void> => {
  const link = document.createElement("a");
  link.href = await toPng(node, {
    pixelRatio: 2, backgroundColor: getComputedStyle(node).backgroundColor, skipFonts: true,
    filter: (part) => !(part instanceof Element && part.matches(".panel-tools, form, script, .tabs")),
  });
  link.download = `${name}.png`;
  link.click();
};
