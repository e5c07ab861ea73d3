// A photo is made smaller before it is sent: the server needs 1600 pixels, a phone takes 4000.

const SIDE = 1600;

/** The photo as a JPEG of at most 1600 pixels; the file itself where the browser cannot do that. */
export async function shrink(file) {
  try {
    const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
    const scale = Math.min(1, SIDE / Math.max(picture.width, picture.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(picture.width * scale);
    canvas.height = Math.round(picture.height * scale);
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.9));
    return blob ?? file;
  } catch {
    return file;
  }
}
