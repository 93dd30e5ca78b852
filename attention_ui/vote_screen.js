// The button that lets the vote fill the screen, and the keys that it then obeys. What the keys do is what the buttons
// of the page do: they are pressed here, so there is one way for each thing to happen.
const SCREEN = ".st-key-vote_screen";
const KEYS = {c: "vote_counts", r: "vote_reveal", h: "vote_hide"};

export default function ({data, parentElement}) {
    const button = parentElement.querySelector("button");
    const screen = document.querySelector(SCREEN);
    if (!button || !screen) return;

    const fills = () => document.fullscreenElement === screen;
    const shown = () => {
        button.textContent = fills() ? data.leave : data.label;
        screen.classList.toggle("fills", fills());
        if (!fills()) screen.classList.remove("blank");
    };
    const pressed = event => {
        if (!fills() || event.ctrlKey || event.metaKey || event.altKey) return;
        const key = event.key.toLowerCase();
        if (key === "b") screen.classList.toggle("blank");
        else if (key in KEYS) screen.querySelector(`.st-key-${KEYS[key]} button`)?.click();
        else return;
        event.preventDefault();
    };
    button.onclick = () => {
        if (fills()) document.exitFullscreen();
        else {
            const app = document.querySelector("[data-testid=stApp]");
            screen.style.setProperty("--ground", getComputedStyle(app).backgroundColor);
            screen.requestFullscreen().catch(() => screen.scrollIntoView());
        }
    };
    document.addEventListener("fullscreenchange", shown);
    document.addEventListener("keydown", pressed);
    shown();
    return () => {
        document.removeEventListener("fullscreenchange", shown);
        document.removeEventListener("keydown", pressed);
    };
}
