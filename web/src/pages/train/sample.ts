/** The sample set: sixteen pictures with captions, which comes with the pages. */
import url from "../../../../examples/fluent-3d.zip?url";

export default { url, name: "fluent-3d.zip" };
