/** What help shows besides a command's own definition. */

export const EXAMPLES: Record<string, string[]> = {
  easel: [
    "easel model create you/toy --hardware cpu",
    "easel train easel/emoji --destination you/toy input_images=@data.zip",
    'easel run you/toy prompt="a TOK emoji of a fox"',
  ],
  "easel model create": ["easel model create you/toy --hardware cpu"],
  "easel model add": ["easel model add my-model", "easel model add my-model --name you/writer"],
  "easel model show": ["easel model show easel/emoji"],
  "easel check": ["easel check data.zip", "easel check data.zip --model stability-ai/sdxl resolution=1024"],
  "easel train": [
    "easel train easel/emoji --destination you/toy input_images=@data.zip",
    "easel train easel/emoji -d you/toy input_images=@data.zip max_train_steps=400 token_string=PIX",
    "easel train easel/emoji -d you/toy input_images=@data.zip --edits edits.json",
  ],
  "easel run": [
    'easel run you/toy prompt="a TOK emoji of a fox"',
    'easel run easel/emoji prompt="an emoji of a fox" seed=7 num_outputs=4 --output foxes',
  ],
  "easel deployments create": ["easel deployments create front --model you/toy --min-instances 1"],
  "easel deployments update": ["easel deployments update front --max-instances 3"],
  "easel gc": ["easel gc --dry-run", "easel gc"],
  "easel base get": ["easel base get sdxl", "HF_HOME=/big/disk easel base get sdxl --accept-licence"],
  "easel base add": ["easel base add juggernaut ~/ComfyUI/models/checkpoints/juggernaut.safetensors"],
  "easel weights download": [
    "easel weights download you/toy",
    "easel weights download you/toy --into ~/ComfyUI",
    "easel weights download you/toy --format kohya --max-mb 6 --output loras",
  ],
  "easel trainings logs": ["easel trainings logs wm41d8ffq9rgj0cjb2ysrvzve0 --follow"],
  "easel token create": ["easel token create laptop", "easel token create dashboard --read --expires 30d"],
  "easel account create": ["easel account create ada"],
  "easel webhooks resend": ["easel webhooks resend msg_5t3q1f0c8x2m7w9k4n6d0hjprv"],
};

const SETTINGS = `Settings, from the environment
  EASEL_URL      the server, with or without /v1 (default: this machine, port EASEL_PORT or 7788)
  EASEL_TOKEN    the API token (default: on the server's own machine, the file \`token\` in EASEL_DATA)
  EASEL_DATA     the server's data folder (default: ~/.local/share/easel)
  NO_COLOR       no colours
  REPLICATE_BASE_URL and REPLICATE_API_TOKEN are honoured where those of Easel are not set.

Exit codes
  0 done   1 a run failed, or something went wrong   2 the command line was wrong   130 left by Ctrl-C`;

const INPUTS = `Inputs are written name=value. A value @path sends that file; a list is given as JSON or by naming it again.
\`easel model show MODEL\` lists a model's inputs.`;

const CHECKING = `Inputs are those of a training that the images depend on: token_string, caption_prefix and resolution.
Ends with 1 where the archive is blocked, and with 0 where it is ready or only needs attention.`;

export const NOTES: Record<string, string> = {
  easel: SETTINGS,
  "easel check": CHECKING,
  "easel train": INPUTS,
  "easel run": INPUTS,
};
