/** Video and audio: of the page itself, and of YouTube's and Vimeo's players by the messages that they offer any page. */
import type { Core } from "../main";

const MARKS = [25, 50, 75];

interface Playback {
  video_id: string;
  provider: string;
  duration: number;
  watched: number;
  at: number; // position, s
  mark: number;
  playing: boolean;
  over?: boolean;
}

export function media(core: Core): void {
  const { listen, track, guarded } = core;

  const begin = (video_id: string, provider: string): Playback => ({
    video_id, provider, duration: 0, watched: 0, at: 0, mark: 0, playing: false,
  });

  function report(kind: string, it: Playback): void {
    track("video_" + kind, {
      video_id: it.video_id,
      provider: it.provider,
      duration: Math.round(it.duration),
      duration_watched: Math.round(it.watched),
      completion_percentage: kind == "complete" ? 100 : Math.round(Math.min(100, (it.at * 100) / (it.duration || 1))),
    });
  }
  function play(it: Playback): void {
    if (it.playing) return;
    it.playing = true;
    it.over = false;
    report("play", it);
  }
  function pause(it: Playback): void {
    if (!it.playing) return;
    it.playing = false;
    report("pause", it);
  }
  function complete(it: Playback): void {
    if (it.over) return;
    it.over = true;
    it.playing = false;
    report("complete", it);
    it.mark = 0;
  }
  /** Time that ran counts as watched, a jump does not. */
  function move(it: Playback, at: number, duration: number): void {
    const ran = at - it.at;
    if (it.playing && ran > 0 && ran < 3) it.watched += ran;
    it.at = at;
    it.duration = Number.isFinite(duration) ? duration : 0;
    const mark = it.duration ? MARKS.filter((value) => (at * 100) / it.duration >= value).pop() || 0 : 0;
    if (it.playing && mark > it.mark) {
      it.mark = mark;
      report("progress", it);
    }
  }

  const players = new WeakMap<object, Playback>();
  listen(document, "play pause ended timeupdate", (event) => {
    const element = event.target as HTMLMediaElement;
    if (!(element instanceof HTMLMediaElement) || element.closest("[data-footfall-ignore]")) return;
    if (element.muted && element.loop && element.autoplay) return; // decoration
    let it = players.get(element);
    if (!it) {
      const file = element.currentSrc.split(/[?#]/)[0]!.split("/").pop()!;
      players.set(element, (it = begin(element.dataset.footfallVideo || element.id || file, "html5")));
    }
    move(it, element.currentTime, element.duration);
    if (event.type == "play") play(it);
    else if (event.type == "ended") complete(it);
    else if (event.type == "pause" && !element.ended) pause(it);
  });

  const say = (frame: HTMLIFrameElement, message: object, origin: string) =>
    frame.contentWindow?.postMessage(JSON.stringify(message), origin);
  const YOUTUBE = /^https:\/\/www\.youtube(-nocookie)?\.com$/;
  const VIMEO = "https://player.vimeo.com";

  /** YouTube's player answers to "listening" where its address has enablejsapi=1. */
  function greet(frame: HTMLIFrameElement): void {
    const origin = frame.src && new URL(frame.src, location.href).origin;
    if (YOUTUBE.test(origin)) say(frame, { event: "listening", id: 1, channel: "widget" }, origin);
    else if (origin == VIMEO) {
      for (const value of ["play", "pause", "ended", "timeupdate"]) say(frame, { method: "addEventListener", value }, origin);
    }
  }

  function onYouTube(it: Playback, { event, info }: any): void {
    if (event != "infoDelivery" && event != "initialDelivery" && event != "onStateChange") return;
    const told = typeof info == "number" ? { playerState: info } : info || {};
    if (told.duration) it.duration = told.duration;
    if (told.currentTime != null) move(it, told.currentTime, it.duration);
    if (told.playerState === 1) play(it);
    else if (told.playerState === 2) pause(it);
    else if (told.playerState === 0) complete(it);
  }

  function onVimeo(it: Playback, { event, data }: any): void {
    if (data && data.duration) move(it, data.seconds, data.duration);
    if (event == "play") play(it);
    else if (event == "pause" && !(data?.percent >= 1)) pause(it);
    else if (event == "ended") complete(it);
  }

  listen(window, "message", ({ origin, source, data }: MessageEvent) => {
    const youtube = YOUTUBE.test(origin);
    if (!source || !(youtube || origin == VIMEO)) return;
    const frame = [...document.querySelectorAll("iframe")].find((one) => one.contentWindow == source);
    if (!frame) return;
    const message = typeof data == "string" ? JSON.parse(data) : data;
    if (message.event == "ready") greet(frame);
    let it = players.get(frame);
    if (!it) {
      const id = /\/(?:embed|video)\/([\w-]+)/.exec(frame.src);
      players.set(frame, (it = begin(id ? id[1]! : "", youtube ? "youtube" : "vimeo")));
    }
    (youtube ? onYouTube : onVimeo)(it, message);
  });
  listen(document, "load", ({ target }: Event) => (target as Element).localName == "iframe" && greet(target as HTMLIFrameElement));
  document.querySelectorAll("iframe").forEach(guarded(greet));
}
