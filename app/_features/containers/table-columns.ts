/** The columns of the fleet table, one template for its head and its rows: what is narrow loses the image, then the ports and the pictures. */
export const COLUMNS =
  "grid grid-cols-[38px_minmax(132px,1.5fr)_minmax(84px,0.8fr)_minmax(228px,1.3fr)_84px_156px_152px_minmax(76px,0.6fr)_minmax(100px,1fr)_40px] max-[1320px]:grid-cols-[38px_minmax(120px,1.5fr)_minmax(98px,1fr)_minmax(160px,1fr)_76px_144px_136px_minmax(62px,0.5fr)_0_40px] max-wide:grid-cols-[38px_minmax(110px,1.4fr)_minmax(76px,0.8fr)_minmax(150px,1.2fr)_76px_76px_84px_0_0_40px]";
/** What the image's column, and the ports' column, need to vanish with their templates. */
export const IMAGE_CELL = "max-[1320px]:invisible max-[1320px]:px-0";
export const PORTS_CELL = "max-wide:invisible max-wide:px-0 overflow-hidden";
export const CELL = "flex min-w-0 items-center px-2.5 whitespace-nowrap";
export const ROW_PX = 34;
export const GROUP_PX = 30;
