/** The columns of the fleet table, one template for its head and its rows. The image gives way on narrow desks. */
export const COLUMNS =
  "grid grid-cols-[38px_minmax(150px,1.5fr)_minmax(96px,0.9fr)_minmax(236px,1.3fr)_92px_minmax(92px,0.7fr)_minmax(130px,1.2fr)_40px] max-wide:grid-cols-[38px_minmax(130px,1.5fr)_minmax(90px,0.9fr)_minmax(200px,1.3fr)_84px_minmax(70px,0.7fr)_0_40px]";
export const CELL = "flex min-w-0 items-center px-2.5 whitespace-nowrap";
export const ROW_PX = 34;
export const GROUP_PX = 30;
