/* The button that saves a picture as PNG. The browser paints it, for it has the fonts: the server may lack the script of
   a learner's words. How large it is to be, and the bytes that say how many dots make an inch, come from the server. */

const AFTER_HEADER = 33; // bytes: the signature of a PNG and its first part
const CANNOT = "This browser cannot paint the picture. Save it as SVG instead.";

async function painted({ svg, width, height, dots }) {
  const address = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
  try {
    const image = new Image(width, height);
    image.src = address;
    await image.decode();
    const canvas = Object.assign(document.createElement("canvas"), { width, height });
    canvas.getContext("2d").drawImage(image, 0, 0, width, height);
    const blob = await new Promise((done) => canvas.toBlob(done, "image/png"));
    const part = Uint8Array.from(atob(dots), (sign) => sign.charCodeAt(0));
    return new Blob([blob.slice(0, AFTER_HEADER), part, blob.slice(AFTER_HEADER)], { type: "image/png" });
  } finally {
    URL.revokeObjectURL(address);
  }
}

function save(blob, file) {
  const address = URL.createObjectURL(blob);
  Object.assign(document.createElement("a"), { href: address, download: file }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

export default function ({ data, parentElement }) {
  const button = parentElement.querySelector("button");
  const said = parentElement.querySelector("[role=status]");
  button.onclick = async () => {
    said.textContent = "";
    try {
      save(await painted(data), data.file);
    } catch {
      said.textContent = CANNOT;
    }
  };
}
